/*
 * The floor of ranking: a hand-written read of one user and 500 ads, decoded at fixed offsets, the features by hand, one
 * ONNX run. The user is read and decoded once; no HTTP, JSON, validation, statuses, log or metrics.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { batches, PAUSE_MS, ROUND_MS, ROWS } from '../predict/batches.ts';
import { report } from '../predict/server-process.ts';
import { median } from '../row.ts';
import { AD_COLUMN, COMPUTED_COLUMN, STATS_COLUMN, USERS, WIDTH } from './rank-project.ts';

const VALUES_OFFSET = 23;
const redis = new Redis({
  path: decodeURIComponent(new URL(process.env['LARDER_REDIS_URL'] as string).pathname),
});
const session = await InferenceSession.create(process.env['BENCH_MODEL'] as string, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
});
const ids = batches();
report('', async () => {
  const latencies: number[] = [];
  const endsAt = performance.now() + ROUND_MS;
  while (performance.now() < endsAt) {
    const startedAt = performance.now();
    const turn = latencies.length;
    await rank(`user-${turn % USERS}`, ids[turn % ids.length] as string[]);
    latencies.push(performance.now() - startedAt);
    await pause(PAUSE_MS);
  }
  return median(latencies);
});

async function rank(userId: string, adIds: readonly string[]): Promise<Float32Array> {
  const pipeline = redis.pipeline();
  pipeline.hmgetBuffer(`larder:bench:{user:${userId}}`, 'user_profile@1');
  for (const adId of adIds) pipeline.hmgetBuffer(`larder:bench:{ad:${adId}}`, 'ad_image@1', 'ad_stats@1');
  const [user, ...ads] = ((await pipeline.exec()) ?? []).map(([, reply]) => reply as (Buffer | null)[]);
  const tensor = new Float32Array(ROWS * WIDTH);
  const bytes = new Uint8Array(tensor.buffer);
  const profile = new Float32Array(AD_COLUMN);
  user?.[0]?.copy(new Uint8Array(profile.buffer), 0, VALUES_OFFSET, VALUES_OFFSET + 4 * AD_COLUMN);
  const [age, spend, sessions] = [profile[512] ?? 0, profile[513] ?? 0, profile[514] ?? 0];
  const at = new Date('2026-11-20T09:30:00Z');
  const angle = (2 * Math.PI * (at.getUTCHours() + at.getUTCMinutes() / 60)) / 24;
  const perSession = spend / (sessions + 1);
  for (const [row, ad] of ads.entries()) {
    const start = row * WIDTH;
    tensor.set(profile, start);
    const [image, stats] = ad;
    image?.copy(bytes, 4 * (start + AD_COLUMN), VALUES_OFFSET, VALUES_OFFSET + 4 * 514);
    stats?.copy(bytes, 4 * (start + STATS_COLUMN), VALUES_OFFSET, VALUES_OFFSET + 4 * 3);
    const computed = start + COMPUTED_COLUMN;
    tensor[computed] = Math.sin(angle);
    tensor[computed + 1] = Math.cos(angle);
    tensor[computed + 2] = perSession;
    tensor[computed + 3] = 1;
    tensor[computed + 4] = (tensor[start + STATS_COLUMN + 2] as number) * age;
    tensor[computed + 5] = (tensor[start + STATS_COLUMN + 1] as number) * perSession;
  }
  const output = await session.run({ features: new Tensor('float32', tensor, [ROWS, WIDTH]) });
  return output['rank']?.data as Float32Array;
}
