import { setTimeout as pause } from 'node:timers/promises';
import { batches, PAUSE_MS, ROUND_MS, ROWS } from './batches.ts';
import { adKey, fillRow, openFloor } from './floor-service.ts';
import { WIDTH } from './prepare.ts';
import { report } from './server-process.ts';
import { median } from '../row.ts';

const floor = await openFloor(process.env);
const ids = batches();
report('', async () => {
  const latencies: number[] = [];
  const endsAt = performance.now() + ROUND_MS;
  while (performance.now() < endsAt) {
    const startedAt = performance.now();
    await batch(ids[latencies.length % ids.length] as string[]);
    latencies.push(performance.now() - startedAt);
    await pause(PAUSE_MS);
  }
  return median(latencies);
});

async function batch(adIds: readonly string[]): Promise<Float32Array> {
  const pipeline = floor.redis.pipeline();
  for (const adId of adIds) pipeline.hmgetBuffer(adKey(adId), 'ad_image@1', 'ad_stats@1');
  const replies = (await pipeline.exec()) ?? [];
  const tensor = new Float32Array(ROWS * WIDTH);
  const bytes = new Uint8Array(tensor.buffer);
  const requestedAt = new Date('2026-11-20T09:30:00Z');
  for (let row = 0; row < replies.length; row++)
    fillRow({ tensor, bytes, row }, replies[row]?.[1] as (Buffer | null)[], requestedAt);
  return floor.run(tensor, ROWS);
}
