import { readFile } from 'node:fs/promises';
import { LarderError } from '@larder/core';
import protobuf from 'protobufjs/minimal.js';

type Reader = protobuf.Reader;

/** What an ONNX file says about itself, read without decoding its weights. */
export interface ModelFile {
  readonly bytes: Uint8Array;
  /** `metadata_props`: `larder.features`, `larder.picture`, … */
  readonly metadata: Readonly<Record<string, string>>;
  /** Names of tensors whose data are in other files. */
  readonly externalTensors: readonly string[];
}

/**
 * Reads what an ONNX file says about itself (https://onnx.ai/onnx/repo-docs/IR.html, ModelProto).
 * @throws ARTIFACT_INVALID when the file cannot be read or is not a protobuf message.
 */
export async function readModelFile(modelPath: string): Promise<ModelFile> {
  const bytes = await readFile(modelPath).catch((cause: unknown) => {
    throw new LarderError('ARTIFACT_INVALID', `${modelPath} cannot be read; the artifact needs this file.`, {
      cause,
    });
  });
  const found = { metadata: {} as Record<string, string>, externalTensors: [] as string[] };
  try {
    scan(protobuf.Reader.create(bytes), 'model', found);
  } catch (cause) {
    throw new LarderError('ARTIFACT_INVALID', `${modelPath} is not an ONNX file; export the model again.`, {
      cause,
    });
  }
  return { bytes, ...found };
}

/** Field numbers of onnx.proto3 that lead to metadata or to tensors; every other field is skipped, not decoded. */
const FIELDS = {
  model: { 7: 'graph', 14: 'metadata', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  function: { 7: 'node' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
} as const satisfies Record<string, Readonly<Record<number, MessageKind>>>;

type MessageKind =
  | 'graph'
  | 'metadata'
  | 'training'
  | 'function'
  | 'node'
  | 'attribute'
  | 'tensor'
  | 'sparse';

interface Found {
  readonly metadata: Record<string, string>;
  readonly externalTensors: string[];
}

function scan(reader: Reader, kind: keyof typeof FIELDS, found: Found, end = reader.len): void {
  const fields: Readonly<Record<number, MessageKind>> = FIELDS[kind];
  while (reader.pos < end) {
    const tag = reader.uint32();
    const next = (tag & 7) === 2 ? fields[tag >>> 3] : undefined;
    if (next === undefined) {
      reader.skipType(tag & 7);
      continue;
    }
    const nextEnd = reader.uint32() + reader.pos;
    if (nextEnd > end) throw new RangeError('a message extends beyond its parent');
    if (next === 'metadata') readMetadata(reader, nextEnd, found);
    else if (next === 'tensor') readTensor(reader, nextEnd, found);
    else scan(reader, next, found, nextEnd);
  }
}

/** StringStringEntryProto { key = 1, value = 2 }. */
function readMetadata(reader: Reader, end: number, found: Found): void {
  let key = '';
  let value = '';
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = reader.string();
    else if (tag >>> 3 === 2) value = reader.string();
    else reader.skipType(tag & 7);
  }
  found.metadata[key] = value;
}

/** TensorProto { name = 8, external_data = 13, data_location = 14 (EXTERNAL = 1) }. */
function readTensor(reader: Reader, end: number, found: Found): void {
  let name = '';
  let external = false;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 8) name = reader.string();
    else if (tag >>> 3 === 14) external = reader.uint32() === 1 || external;
    else {
      external ||= tag >>> 3 === 13;
      reader.skipType(tag & 7);
    }
  }
  if (external) found.externalTensors.push(name);
}
