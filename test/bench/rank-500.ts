import { load } from './predict/load.ts';
import { batches, PAUSE_MS, ROUND_MS, ROWS } from './predict/batches.ts';
import { prepare } from './predict/prepare.ts';
import { pinSelf, startServer, type ServerProcess } from './predict/server-process.ts';
import { RANK_PROJECT, USERS } from './rank/rank-project.ts';
import { interleaved, median, quantile, type Bench } from './row.ts';

const ROUNDS = 11;
const MAX_RATIO = 1.8;
const MAX_P99_MS = 25;

const bench: Bench = {
  name: 'rank-500',
  what: `${ROWS} ads ranked for one user in one call, one every ${PAUSE_MS} ms, against a hand-written pipelined read, decode and one ONNX run in a separate process, without HTTP, JSON or validation`,
  async run(progress) {
    const prepared = await prepare(RANK_PROJECT);
    const servers: ServerProcess[] = [];
    try {
      const larder = await startServer('larder-server.ts', prepared.env);
      servers.push(larder);
      const floor = await startServer('../rank/floor-rank.ts', prepared.env);
      servers.push(floor);
      progress(pinSelf(prepared.processIds));
      const latencies: number[] = [];
      const { values, floors, ratios } = await interleaved(
        ROUNDS,
        async () => {
          const round = await rankMs(larder);
          latencies.push(...round);
          return median(round);
        },
        () => floor.work(),
      );
      const ratio = median(ratios);
      const p99 = quantile(latencies, 0.99);
      return [
        {
          name: 'rank-500',
          value: median(values),
          unit: 'ms',
          floor: median(floors),
          ratio,
          target: `≤ ${MAX_RATIO} × its time`,
          ok: ratio <= MAX_RATIO,
        },
        {
          name: 'rank-500-p99',
          value: p99,
          unit: 'ms p99',
          floor: null,
          ratio: null,
          target: `≤ ${MAX_P99_MS} ms`,
          ok: p99 <= MAX_P99_MS,
        },
      ];
    } finally {
      for (const server of servers) await server.stop();
      await prepared.close();
    }
  },
};

export default bench;

const BODIES = Array.from({ length: 4 * USERS }, (_, turn) => {
  const all = batches();
  return JSON.stringify({
    rows: (all[turn % all.length] as string[]).map((adId) => ({ entities: { ad_id: adId } })),
    shared: {
      entities: { user_id: `user-${turn % USERS}` },
      request: { requested_at: '2026-11-20T09:30:00Z', placement: 'feed' },
    },
    options: { deadline_ms: 5_000 },
  });
});

/** Milliseconds of each call, from sending to the last byte. */
async function rankMs({ url }: ServerProcess): Promise<readonly number[]> {
  const path = '/v1/models/ad_rank/predict-batch';
  const { latencies } = await load({
    url,
    path,
    bodies: BODIES,
    connections: 1,
    durationMs: ROUND_MS,
    pauseMs: PAUSE_MS,
  });
  return latencies;
}

if (import.meta.main) console.table(await bench.run((message) => console.error(message)));
