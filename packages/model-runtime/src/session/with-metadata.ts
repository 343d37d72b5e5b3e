import { LarderError } from '@larder/core';
import protobuf from 'protobufjs/minimal.js';

const METADATA_FIELD = 14;
const LENGTH_DELIMITED = 2;

/**
 * The bytes of an ONNX file with one entry of its metadata set; all other bytes stay as they are.
 * @param name of the file in errors
 * @throws ARTIFACT_INVALID when the bytes are not a protobuf message
 */
export function withMetadata(
  bytes: Uint8Array,
  entry: { readonly key: string; readonly value: string },
  name: string,
): Uint8Array {
  const kept: Uint8Array[] = [];
  try {
    const reader = protobuf.Reader.create(bytes);
    while (reader.pos < reader.len) {
      const start = reader.pos;
      const tag = reader.uint32();
      const isMetadata = tag === ((METADATA_FIELD << 3) | LENGTH_DELIMITED);
      const key = isMetadata ? keyOf(reader.bytes()) : null;
      if (!isMetadata) reader.skipType(tag & 7);
      if (key !== entry.key) kept.push(bytes.subarray(start, reader.pos));
    }
  } catch (cause) {
    throw new LarderError('ARTIFACT_INVALID', `${name} is not an ONNX file; export the model again.`, {
      cause,
    });
  }
  // StringStringEntryProto { key = 1, value = 2 }
  const message = protobuf.Writer.create().uint32(10).string(entry.key).uint32(18).string(entry.value);
  const field = protobuf.Writer.create()
    .uint32((METADATA_FIELD << 3) | LENGTH_DELIMITED)
    .bytes(message.finish());
  return Buffer.concat([...kept, field.finish()]);
}

function keyOf(entry: Uint8Array): string {
  const reader = protobuf.Reader.create(entry);
  let key = '';
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = reader.string();
    else reader.skipType(tag & 7);
  }
  return key;
}
