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

/**
 * Calls `onFrame` with each whole frame, in order; its body is its own memory. Bytes are copied once, into place:
 * gathering them first took a millisecond more a picture.
 */
export function readFrames(stream: Readable, onFrame: (frame: Frame) => void): void {
  const header = Buffer.alloc(HEADER_BYTES);
  let json = Buffer.alloc(0);
  let body = Buffer.alloc(0);
  /** Of the whole frame. */
  let filledBytes = 0;
  /** Appends what belongs to a part that begins at `start` of the frame. @returns the bytes taken */
  const fill = (part: Buffer, start: number, chunk: Buffer, from: number): number => {
    const taken = chunk.copy(part, Math.max(0, filledBytes - start), from);
    filledBytes += taken;
    return taken;
  };
  stream.on('data', (chunk: Buffer) => {
    let at = 0;
    while (at < chunk.length) {
      if (filledBytes < HEADER_BYTES) {
        at += fill(header, 0, chunk, at);
        if (filledBytes < HEADER_BYTES) return;
        const [jsonBytes, bodyBytes] = [header.readUInt32LE(0), header.readUInt32LE(4)];
        if (jsonBytes + bodyBytes > MAX_FRAME_BYTES) return onFrame({ head: undefined, body: header });
        json = Buffer.allocUnsafe(jsonBytes);
        body = Buffer.allocUnsafeSlow(bodyBytes);
      }
      const bodyStart = HEADER_BYTES + json.length;
      if (filledBytes < bodyStart) at += fill(json, HEADER_BYTES, chunk, at);
      if (filledBytes >= bodyStart) at += fill(body, bodyStart, chunk, at);
      if (filledBytes < bodyStart + body.length) return;
      filledBytes = 0;
      onFrame({ head: parsed(json.toString('utf8')), body });
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
