import type { Readable, Writable } from 'node:stream';

/** Bytes of the JSON, bytes of the body. */
const HEADER_BYTES = 8;

/** More than any picture has after it was made to fit; a process that announces more is up to something. */
const MAX_FRAME_BYTES = 512 * 1024 ** 2;

export interface Frame {
  /** Undefined when the other side does not speak this protocol; nothing follows then. */
  readonly head: unknown;
  readonly body: Buffer;
}

/** A little JSON and many bytes; pipes carry them without encoding, IPC messages would copy them twice more. */
export function writeFrame(stream: Writable, head: object, body: Uint8Array): void {
  const json = Buffer.from(JSON.stringify(head));
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32LE(json.length, 0);
  header.writeUInt32LE(body.length, 4);
  stream.cork();
  stream.write(Buffer.concat([header, json]));
  if (body.length > 0) stream.write(body);
  stream.uncork();
}

/** Calls `onFrame` with each whole frame, in order; its body is its own memory. */
export function readFrames(stream: Readable, onFrame: (frame: Frame) => void): void {
  let chunks: Buffer[] = [];
  let sizeBytes = 0;
  let neededBytes = HEADER_BYTES;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    while (sizeBytes >= neededBytes) {
      const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, sizeBytes);
      chunks = [bytes];
      const jsonEnd = HEADER_BYTES + bytes.readUInt32LE(0);
      neededBytes = jsonEnd + bytes.readUInt32LE(4);
      if (neededBytes > MAX_FRAME_BYTES) return onFrame({ head: undefined, body: bytes });
      if (sizeBytes < neededBytes) return;
      const frame: Frame = {
        head: parsed(bytes.toString('utf8', HEADER_BYTES, jsonEnd)),
        body: Buffer.from(bytes.subarray(jsonEnd, neededBytes)),
      };
      chunks = [bytes.subarray(neededBytes)];
      sizeBytes -= neededBytes;
      neededBytes = HEADER_BYTES;
      onFrame(frame);
    }
  });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
