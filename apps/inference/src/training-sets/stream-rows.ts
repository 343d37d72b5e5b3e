import { existsSync, createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LarderError } from '@larder/core';
import type { TrainingSet, TrainingSetManifest } from '@larder/training';
import { overloaded } from '../http/byte-budget.ts';
import type { RowsFormat, RowsJob } from './rows-job.ts';
import { startNiced } from './start-niced.ts';

const MEDIA_TYPES: Readonly<Record<RowsFormat, string>> = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv; charset=utf-8',
  arrow: 'application/vnd.apache.arrow.stream',
};
const CONVERSIONS = 2;
const HEAP_MB = 256;

export interface WantedRows {
  readonly format: RowsFormat;
  /** Undefined: every part. */
  readonly part: string | undefined;
}

export interface RowsStream {
  /** Writes the rows of a complete set as the answer, no faster than the caller reads. */
  send(set: TrainingSet, wanted: WantedRows, response: ServerResponse): Promise<void>;
  close(): void;
}

/** A file that has the wanted format is sent as it is; another process converts. */
export function createRowsStream(temporaryFolder: string, niceness: number): RowsStream {
  const converting = new Set<() => void>();
  return {
    async send(set, { format, part }, response) {
      const manifest = filesHere(set);
      const files = partFiles(manifest, part);
      const headers = { 'content-type': MEDIA_TYPES[format] };
      const [only] = files;
      if (files.length === 1 && only?.format === format) {
        const path = join(set.folder, basename(only.path));
        const { size } = await stat(path).catch(() => {
          throw gone(set);
        });
        response.writeHead(200, { ...headers, 'content-length': size });
        await quietly(pipeline(createReadStream(path), response));
        return;
      }
      if (converting.size >= CONVERSIONS)
        throw overloaded(
          'Too many training sets are being converted; retry, or ask for the format of the files.',
        );
      const job: RowsJob = {
        folder: set.folder,
        files: files.map((file) => ({ path: join(set.folder, basename(file.path)), format: file.format })),
        format,
        temporaryFolder,
      };
      await convert(job, { converting, response, headers, niceness });
    },
    close() {
      for (const end of converting) end();
    },
  };
}

interface Conversion {
  readonly converting: Set<() => void>;
  readonly response: ServerResponse;
  readonly headers: Readonly<Record<string, string>>;
  readonly niceness: number;
}

async function convert(job: RowsJob, { converting, response, headers, niceness }: Conversion): Promise<void> {
  const child = startNiced('rows-process', {
    heapMb: HEAP_MB,
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    niceness,
  });
  const end = (): void => void child.kill('SIGKILL');
  converting.add(end);
  response.once('close', end);
  const closed = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
    child.once('error', () => resolve(1));
  });
  child.send(job, () => {});
  try {
    const { stdout } = child;
    if (stdout === null) throw new Error('The process has no stdout.');
    // An answer starts with the first bytes: until then a failure is a problem.
    const first = await new Promise<boolean>((resolve) => {
      stdout.once('readable', () => resolve(stdout.readableLength > 0));
      stdout.once('end', () => resolve(false));
    });
    if (!first) throw new LarderError('INTERNAL', 'The rows could not be converted.');
    response.writeHead(200, headers);
    for await (const bytes of stdout as AsyncIterable<Buffer>) {
      if (response.destroyed) return;
      if (!response.write(bytes)) await drained(response);
    }
    // A truncated answer must not look like a complete one.
    if ((await closed) === 0) response.end();
    else response.destroy();
  } finally {
    end();
    converting.delete(end);
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.once('drain', go).once('close', go);
  });
}

/** @throws TRAINING_SET_NOT_COMPLETE, TRAINING_SET_ELSEWHERE, TRAINING_SET_FILES_GONE */
function filesHere(set: TrainingSet): TrainingSetManifest {
  const { trainingSetId: id, status, manifest, folder } = set;
  if (status !== 'complete' || manifest === null) {
    const why = set.error === null ? '' : ` ${set.error.code}: ${set.error.reason}`;
    throw new LarderError('TRAINING_SET_NOT_COMPLETE', `The training set ${id} is ${status}.${why}`);
  }
  if (existsSync(join(folder, 'manifest.json'))) return manifest;
  if (set.host !== hostname()) throw elsewhere(set);
  throw gone(set);
}

export function elsewhere({ trainingSetId: id, host }: TrainingSet): LarderError {
  return new LarderError(
    'TRAINING_SET_ELSEWHERE',
    `The training set ${id} is on the host ${host}; ask the service there.`,
  );
}

function gone({ trainingSetId: id }: TrainingSet): LarderError {
  return new LarderError(
    'TRAINING_SET_FILES_GONE',
    `The files of the training set ${id} are gone; build it again.`,
  );
}

function partFiles({ files }: TrainingSetManifest, part: string | undefined): TrainingSetManifest['files'] {
  if (part === undefined) return files;
  const found = files.filter((file) => file.part === part);
  if (found.length > 0) return found;
  const parts = files.map((file) => file.part).join(', ');
  throw new LarderError('REQUEST_INVALID', `The training set has no part ${part}.`, {
    errors: [{ pointer: '/part', detail: `must be one of ${parts}` }],
  });
}

/** A caller who leaves ends the stream; that is no failure. */
async function quietly(work: Promise<void>): Promise<void> {
  await work.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE' && error.code !== 'ECONNRESET') throw error;
  });
}
