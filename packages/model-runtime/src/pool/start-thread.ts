import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { LarderError } from '@larder/core';
import type { ArtifactCheck, CheckedArtifact } from '../artifact/check-artifact.ts';
import type { CheckedModel } from '../artifact/checked-model.ts';
import { runFailed } from '../session/run-failed.ts';
import type { EndRequest, ThreadStarted, ThreadTask } from './session-thread.ts';

/**
 * Starts a thread that checks an artifact; afterwards it can run the model.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH, MODEL_RUN_FAILED when the thread dies
 */
export async function startChecking(
  check: ArtifactCheck,
): Promise<{ readonly worker: Worker; readonly artifact: CheckedArtifact }> {
  const { worker, started } = await start({ kind: 'check', check }, check.name);
  if (started.kind !== 'checked') throw new Error(`a thread started to check answered ${started.kind}`);
  return { worker, artifact: started.artifact };
}

/** Starts a thread that is ready to run a checked model. @throws ARTIFACT_INVALID, MODEL_RUN_FAILED */
export async function startThread(model: CheckedModel): Promise<Worker> {
  return (await start({ kind: 'open', model }, model.name)).worker;
}

/** Ends a thread after its current run; resolves when it has ended. */
export async function endThread(worker: Worker): Promise<void> {
  if (worker.threadId === ENDED) return;
  const ended = once(worker, 'exit');
  // nothing else may keep the process alive meanwhile, and the last answer unrefs the thread
  const stay = (): void => worker.ref();
  stay();
  worker.on('message', stay);
  worker.postMessage({ kind: 'end' } satisfies EndRequest);
  await ended;
}

/** The `threadId` of a worker that has ended. */
const ENDED = -1;

interface Started {
  readonly worker: Worker;
  readonly started: Exclude<ThreadStarted, { kind: 'refused' }>;
}

function start(task: ThreadTask, name: string): Promise<Started> {
  const worker = new Worker(new URL('./session-thread.ts', import.meta.url), { workerData: task });
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => reject(runFailed(name, error.message, error));
    worker.once('message', (started: ThreadStarted) => {
      // A thread that dies later is noticed by its exit; without a listener the error would end the process.
      worker.off('error', refuse).on('error', () => {});
      // an idle thread does not keep the process alive
      worker.unref();
      if (started.kind === 'refused') reject(new LarderError(started.code, started.message));
      else resolve({ worker, started });
    });
    worker.once('error', refuse);
    worker.once('exit', (code) =>
      reject(runFailed(name, `its thread ended with code ${code} while loading`)),
    );
  });
}
