import { join } from 'node:path';
import { definitionOf, loadModel, type LoadModelOptions, type ModelRunner } from '../load-model.ts';
import { createSession, type Session } from '../session/create-session.ts';
import { feedsOf, type Feed } from '../session/feed.ts';
import { readGoldenRows } from './golden-rows.ts';
import { readBackground } from './read-background.ts';

export interface ModelMeasures {
  readonly placement: 'inline' | 'pool';
  /** 99th percentile of one row, as placed. */
  readonly latencyMs: number;
  /** What one more copy of the loaded model adds to the memory of a process. */
  readonly memoryMb: number;
}

const BLOCKS = 3;
const RUNS_PER_BLOCK = 200;
const BLOCK_MS = 400;
const COPIES = 2;
/** A larger model is not opened a second and third time. */
const LARGE_BYTES = 500 * 1024 ** 2;
const MIB = 1024 ** 2;

/**
 * Loads an artifact with every check of serving, reads its background rows, and measures it. Only in a process of its own, started with
 * `--expose-gc`: memory is measured as the growth of the process.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH
 */
export async function measureModel(options: LoadModelOptions): Promise<ModelMeasures> {
  const runner = await loadModel({ ...options, poolThreads: 1 });
  try {
    const definition = definitionOf(options);
    await readBackground(options.artifactPath, definition, runner);
    const { feed } = await readGoldenRows(options.artifactPath, definition, runner);
    const latencyMs = await latencyOf(runner, feed);
    const feeds = feedsOf(runner.inputs, feed, 1);
    return { placement: runner.placement, latencyMs, memoryMb: await memoryOf(options.artifactPath, feeds) };
  } finally {
    await runner.close();
  }
}

/** The best of three blocks: what else the machine does must not count. */
async function latencyOf(runner: ModelRunner, feed: Feed): Promise<number> {
  let best = Infinity;
  for (let block = 0; block < BLOCKS; block++) {
    const times: number[] = [];
    const begin = performance.now();
    do {
      const start = performance.now();
      await runner.run(feed, 1);
      times.push(performance.now() - start);
    } while (times.length < RUNS_PER_BLOCK && performance.now() - begin < BLOCK_MS);
    times.sort((a, b) => a - b);
    best = Math.min(best, times[Math.ceil(times.length * 0.99) - 1] as number);
  }
  return best;
}

/**
 * The first session also pays for what a process pays once, so further copies are measured; each has run a row, because
 * ONNX Runtime allocates its buffers then.
 */
async function memoryOf(artifactPath: string, feeds: ReturnType<typeof feedsOf>): Promise<number> {
  const sessions: Session[] = [];
  const open = async (): Promise<number> => {
    const before = residentBytes();
    const session = await createSession({ modelPath: join(artifactPath, 'model.onnx') });
    sessions.push(session);
    await session.run(feeds);
    return residentBytes() - before;
  };
  try {
    const first = await open();
    if (first > LARGE_BYTES) return first / MIB;
    let grown = 0;
    for (let copy = 0; copy < COPIES; copy++) grown += await open();
    return Math.max(0, grown / COPIES) / MIB;
  } finally {
    for (const session of sessions) await session.close();
  }
}

function residentBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}
