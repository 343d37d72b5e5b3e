import { parentPort, workerData } from 'node:worker_threads';
import { toLarderError, type ErrorCode } from '@larder/core';
import type { ArtifactCheck, CheckedArtifact } from '../artifact/check-artifact.ts';
import type { CheckedModel } from '../artifact/checked-model.ts';
import { openChecked } from '../artifact/open-checked.ts';
import { feedsOf, type Feed } from '../session/feed.ts';
import type { Session } from '../session/create-session.ts';

/** Input of a new thread: an artifact to check, or a checked model. Afterwards the thread runs the model. */
export type ThreadTask =
  | { readonly kind: 'check'; readonly check: ArtifactCheck }
  | { readonly kind: 'open'; readonly model: CheckedModel };

/** First message of a thread; it exits after `refused`. */
export type ThreadStarted =
  | { readonly kind: 'checked'; readonly artifact: CheckedArtifact }
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

export interface RunRequest {
  readonly kind: 'run';
  readonly feed: Feed;
  readonly rows: number;
}

/** The thread exits after its current run: terminating it during a run makes ONNX Runtime abort the whole process. */
export interface EndRequest {
  readonly kind: 'end';
}

export type ThreadAnswer =
  | { readonly kind: 'result'; readonly outputs: Readonly<Record<string, Float32Array>> }
  | { readonly kind: 'error'; readonly message: string };

if (parentPort === null) throw new Error('session-thread.ts runs in a worker thread');
const port = parentPort;
const task = workerData as ThreadTask;

try {
  if (task.kind === 'check') {
    // only here: a thread that replaces another needs no schemas and should be quick
    const { checkArtifact } = await import('../artifact/check-artifact.ts');
    const { session, artifact } = await checkArtifact(task.check);
    serve(artifact.model, session);
    started({ kind: 'checked', artifact });
  } else {
    serve(task.model, await openChecked(task.model));
    started({ kind: 'opened' });
  }
} catch (error) {
  const { code, message } = toLarderError(error);
  started({ kind: 'refused', code, message: code === 'INTERNAL' ? String(error) : message });
}

function started(message: ThreadStarted): void {
  port.postMessage(message);
}

function serve({ signature }: CheckedModel, session: Session): void {
  const answer = async ({ feed, rows }: RunRequest): Promise<ThreadAnswer> => {
    try {
      const feeds = feedsOf(signature.inputs, feed, rows);
      const results = await session.run(feeds, signature.outputTensors);
      const outputs = Object.entries(results).map(([name, result]) => [name, result.data] as const);
      return { kind: 'result', outputs: Object.fromEntries(outputs) };
    } catch (error) {
      return { kind: 'error', message: error instanceof Error ? error.message : String(error) };
    }
  };
  let running = Promise.resolve();
  port.on('message', (request: RunRequest | EndRequest) => {
    running =
      request.kind === 'run'
        ? answer(request).then((message) => port.postMessage(message))
        : running.then(() => session.close()).finally(() => port.close());
  });
}
