/*
 * The floor of predict: a service that a good engineer writes by hand in an afternoon for this one model. Same reads, same model;
 * no validation, no statuses, no log, no metrics. Decodes the two rows at fixed offsets (docs/reference/redis-layout.md).
 */
import { Redis } from 'ioredis';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { WIDTH } from './prepare.ts';

const IMAGE_OFFSET = 23;
const IMAGE_BYTES = 514 * 4;
const STATS_OFFSET = 23;
const STATS_BYTES = 3 * 4;
const STATS_COLUMN = 514;

export interface Floor {
  readonly redis: Redis;
  /** Scores of `rows` rows of the tensor. */
  run(tensor: Float32Array, rows: number): Promise<Float32Array>;
}

export async function openFloor(env: NodeJS.ProcessEnv): Promise<Floor> {
  const redis = new Redis({ path: decodeURIComponent(new URL(env['LARDER_REDIS_URL'] as string).pathname) });
  const session = await InferenceSession.create(env['BENCH_MODEL'] as string, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
  });
  return {
    redis,
    async run(tensor, rows) {
      const output = await session.run({ features: new Tensor('float32', tensor, [rows, WIDTH]) });
      return output['ctr']?.data as Float32Array;
    },
  };
}

export function adKey(adId: string): string {
  return `larder:bench:{ad:${adId}}`;
}

/** One row of the tensor from the two rows of the store and the time of the request. */
export function fillRow(
  into: { readonly tensor: Float32Array; readonly bytes: Uint8Array; readonly row: number },
  stored: readonly (Buffer | null)[],
  requestedAt: Date,
): void {
  const start = into.row * WIDTH;
  stored[0]?.copy(into.bytes, 4 * start, IMAGE_OFFSET, IMAGE_OFFSET + IMAGE_BYTES);
  stored[1]?.copy(into.bytes, 4 * (start + STATS_COLUMN), STATS_OFFSET, STATS_OFFSET + STATS_BYTES);
  const angle = (2 * Math.PI * (requestedAt.getUTCHours() + requestedAt.getUTCMinutes() / 60)) / 24;
  into.tensor[start + 517] = Math.sin(angle);
  into.tensor[start + 518] = Math.cos(angle);
}
