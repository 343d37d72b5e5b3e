import { parentPort, workerData } from 'node:worker_threads';
import { createSession } from './create-session.ts';

/** What a thread is started with; it answers with `ready` once its session is warm, or dies of the error. */
export interface SessionThreadData {
  readonly modelPath: string;
  readonly input: string;
  readonly width: number;
  readonly outputTensors: readonly string[];
}

export interface RunRequest {
  readonly tensor: Float32Array<ArrayBuffer>;
  readonly rows: number;
}

export type ThreadAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly outputs: Readonly<Record<string, Float32Array>> }
  | { readonly kind: 'error'; readonly message: string };

if (parentPort === null) throw new Error('session-thread.ts runs in a worker thread');
const port = parentPort;
const { modelPath, input, width, outputTensors } = workerData as SessionThreadData;

const session = await createSession({ modelPath });

async function answer({ tensor, rows }: RunRequest): Promise<ThreadAnswer> {
  try {
    const results = await session.run({ [input]: { data: tensor, dims: [rows, width] } }, outputTensors);
    const outputs = Object.entries(results).map(([name, result]) => [name, result.data] as const);
    return { kind: 'result', outputs: Object.fromEntries(outputs) };
  } catch (error) {
    return { kind: 'error', message: error instanceof Error ? error.message : String(error) };
  }
}

await answer({ tensor: new Float32Array(width), rows: 1 });
port.on('message', (request: RunRequest) => {
  void answer(request).then((message) => port.postMessage(message));
});
port.postMessage({ kind: 'ready' } satisfies ThreadAnswer);
