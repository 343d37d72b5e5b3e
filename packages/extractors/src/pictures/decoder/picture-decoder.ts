import { LarderError } from '@larder/core';
import type { DecodedPicture, DecodePictureOptions } from '../decode-picture.ts';
import { startDecoderProcess, type DecoderDeath, type DecoderProcess } from './start-process.ts';

/** Decodes untrusted pictures in a separate process, which may die without harming this one. */
export interface PictureDecoder {
  /**
   * Like `decodePicture`. Decodes several at a time; waiting for a turn does not count towards the time limit.
   * @throws PICTURE_UNREADABLE, PICTURE_FORMAT_UNSUPPORTED, PICTURE_TOO_LARGE, PICTURE_DECODE_TIMEOUT,
   *   PICTURE_DECODER_DIED this picture crashed the process, even when decoded alone,
   *   COMPUTATION_FAILED the process does not start; the signal's reason when aborted before its turn
   */
  decode(bytes: Buffer, options: DecodePictureOptions, signal?: AbortSignal): Promise<DecodedPicture>;
  /** Pictures in flight fail with COMPUTATION_FAILED. */
  close(): void;
}

export interface PictureDecoderOptions {
  /** Memory limit of the whole process. @default 1 GiB */
  readonly memoryLimitBytes?: number;
  /** Time limit for decoding one picture. @default 10_000 */
  readonly timeoutMs?: number;
  /** Pictures decoded at the same time. @default 2 */
  readonly parallel?: number;
}

const LATE_MS = 20;
const GRACE_MS = 500;

interface Job {
  readonly bytes: Buffer;
  readonly options: DecodePictureOptions;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (picture: DecodedPicture) => void;
  readonly reject: (error: Error) => void;
  timer?: NodeJS.Timeout;
}

/** Starts the process now, and again whenever it has died and a picture is waiting. */
export function createPictureDecoder(options: PictureDecoderOptions = {}): PictureDecoder {
  const { memoryLimitBytes = 1024 ** 3, timeoutMs = 10_000, parallel = 2 } = options;
  const waiting: Job[] = [];
  /** Pictures in flight when the process died: each is decoded again, alone, so that only the culprit fails. */
  const suspects: Job[] = [];
  const running = new Map<number, Job>();
  let alone = false;
  let nextId = 0;
  let decoder: DecoderProcess | null = null;
  let ready = false;
  let closed = false;

  function start(): void {
    ready = false;
    try {
      decoder = startDecoderProcess(memoryLimitBytes, {
        onReady() {
          ready = true;
          pump();
        },
        onPicture: (id, picture) => finish(id)?.resolve(picture),
        onError: (id, { code, message }) => finish(id)?.reject(new LarderError(code, message)),
        onDeath,
      });
    } catch (error) {
      // No room for the shared memory, or no file descriptors left.
      failAll(`The picture decoder process does not start: ${reasonOf(error)}.`);
    }
  }

  function pump(): void {
    dropUnwanted(waiting);
    dropUnwanted(suspects);
    if (closed || waiting.length + suspects.length === 0) return;
    if (decoder === null) start();
    if (!ready) return;
    if (suspects.length > 0) {
      if (running.size === 0) run(suspects.shift() as Job, true);
      return;
    }
    while (!alone && running.size < parallel && waiting.length > 0) run(waiting.shift() as Job, false);
  }

  function run(job: Job, byItself: boolean): void {
    const id = nextId++;
    alone = byItself;
    running.set(id, job);
    watch(id, job, timeoutMs);
    try {
      decoder?.send({ id, ...job.options }, job.bytes);
    } catch (error) {
      finish(id)?.reject(
        new LarderError(
          'COMPUTATION_FAILED',
          `The memory shared with the picture decoder process is full (${reasonOf(error)}); free space in /dev/shm or the temporary folder.`,
          { cause: error },
        ),
      );
    }
  }

  /** Removes the job from the running ones; the next ones start once it is settled. */
  function finish(id: number): Job | undefined {
    const job = running.get(id);
    if (job === undefined) return undefined;
    clearTimeout(job.timer);
    running.delete(id);
    alone = false;
    queueMicrotask(pump);
    return job;
  }

  function watch(id: number, job: Job, limitMs: number): void {
    const dueMs = performance.now() + limitMs;
    job.timer = setTimeout(() => {
      // This thread was busy (a network ran): the pixels may have arrived and be waiting to be read.
      if (performance.now() - dueMs > LATE_MS) watch(id, job, GRACE_MS);
      else onTimeout(id);
    }, limitMs);
  }

  function onTimeout(id: number): void {
    finish(id)?.reject(
      new LarderError(
        'PICTURE_DECODE_TIMEOUT',
        `The picture was not decoded within ${timeoutMs} ms; save it again as a plain JPEG or PNG.`,
      ),
    );
    decoder?.kill();
    decoder = null;
    // The others were only unlucky: put them back at the front.
    waiting.unshift(...takeRunning());
  }

  function onDeath(death: DecoderDeath): void {
    decoder = null;
    const wasReady = ready;
    const [culprit, ...others] = takeRunning();
    if (!wasReady) return failAll(`The picture decoder process does not start: ${death.reason}.`);
    if (culprit === undefined) return;
    if (alone) {
      alone = false;
      culprit.reject(deadly(death, memoryLimitBytes));
    } else suspects.push(culprit, ...others);
    pump();
  }

  function takeRunning(): Job[] {
    const jobs = [...running.values()];
    running.clear();
    for (const { timer } of jobs) clearTimeout(timer);
    return jobs;
  }

  function failAll(message: string): void {
    for (const job of [...takeRunning(), ...suspects.splice(0), ...waiting.splice(0)]) {
      job.reject(new LarderError('COMPUTATION_FAILED', message));
    }
  }

  start();
  return {
    decode(bytes, decodeOptions, signal) {
      return new Promise((resolve, reject) => {
        if (closed) throw new Error('the picture decoder is closed');
        waiting.push({ bytes, options: decodeOptions, signal, resolve, reject });
        pump();
      });
    },
    close() {
      closed = true;
      decoder?.kill();
      failAll('The picture decoder was closed.');
    },
  };
}

/** Drops jobs that nobody waits for any more, so that others get their turn. */
function dropUnwanted(jobs: Job[]): void {
  for (let at = jobs.length - 1; at >= 0; at--) {
    const { signal, reject } = jobs[at] as Job;
    if (!signal?.aborted) continue;
    jobs.splice(at, 1);
    reject(signal.reason as Error);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function deadly({ outOfMemory, reason }: DecoderDeath, memoryLimitBytes: number): LarderError {
  if (outOfMemory) {
    return new LarderError(
      'PICTURE_TOO_LARGE',
      `Decoding the picture needs more than ${Math.floor(memoryLimitBytes / 1024 ** 2)} MiB of memory; serve a smaller ` +
        'one, or save it again without interlacing.',
    );
  }
  return new LarderError(
    'PICTURE_DECODER_DIED',
    `Decoding the picture crashed the decoder process (${reason}); save it again as a plain JPEG or PNG.`,
  );
}
