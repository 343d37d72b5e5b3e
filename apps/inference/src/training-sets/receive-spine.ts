import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LarderError } from '@larder/core';
import type { SpineFormat } from '@larder/training';

/** Formats of rows by their media types. */
const FORMATS: Readonly<Record<string, SpineFormat>> = {
  'application/vnd.apache.parquet': 'parquet',
  'application/x-parquet': 'parquet',
  'application/vnd.apache.arrow.stream': 'arrow',
  'text/csv': 'csv',
};

/** Null: the body is not a file of rows. */
export function spineFormat(request: IncomingMessage): SpineFormat | null {
  const [mediaType = ''] = (request.headers['content-type'] ?? '').split(';');
  return FORMATS[mediaType.trim().toLowerCase()] ?? null;
}

/**
 * Writes the body to a file, as fast as the disk takes it; nothing is left of a body that does not arrive.
 * @throws MEDIA_TYPE_UNSUPPORTED, REQUEST_TOO_LARGE, REQUEST_MALFORMED, DISK_FULL
 */
export async function receiveSpine(
  request: IncomingMessage,
  { path, limitBytes }: { readonly path: string; readonly limitBytes: number },
): Promise<void> {
  const { 'content-encoding': encoding, 'content-length': length } = request.headers;
  const refuse = (error: LarderError): never => {
    request.resume();
    throw error;
  };
  if (encoding !== undefined && encoding !== 'identity')
    refuse(new LarderError('MEDIA_TYPE_UNSUPPORTED', 'Send the body without a content-encoding.'));
  if (Number(length) > limitBytes) refuse(tooLarge(limitBytes));
  let sizeBytes = 0;
  const limited = new Transform({
    transform(part: Buffer, _, done) {
      sizeBytes += part.length;
      // The rest is read and dropped: the caller would not see an answer on a connection that is cut.
      if (sizeBytes > limitBytes) done();
      else done(null, part);
    },
  });
  await mkdir(dirname(path), { recursive: true });
  try {
    await pipeline(request, limited, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    if (sizeBytes > limitBytes) throw tooLarge(limitBytes);
    if (sizeBytes === 0) throw new LarderError('REQUEST_MALFORMED', 'The body is empty; send the rows.');
  } catch (error) {
    await rm(path, { force: true });
    throw knownProblem(error);
  }
}

function knownProblem(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return new LarderError('DISK_FULL', 'The disk for uploaded rows is full.');
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE')
    return new LarderError('REQUEST_MALFORMED', 'The body ended before it was complete.');
  return error;
}

function tooLarge(limitBytes: number): LarderError {
  return new LarderError(
    'REQUEST_TOO_LARGE',
    `The rows must not exceed ${limitBytes} bytes (LARDER_TRAINING_SETS_UPLOAD_BYTES); send Parquet, or fewer rows.`,
  );
}
