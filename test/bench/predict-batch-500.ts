import { load } from './predict/load.ts';
import { batches, PAUSE_MS, ROUND_MS, ROWS } from './predict/batches.ts';
import { prepare } from './predict/prepare.ts';
import { pinSelf, startServer, type ServerProcess } from './predict/server-process.ts';
import { interleaved, median, type Bench } from './row.ts';

const ROUNDS = 11;
const MAX_RATIO = 1.85;

const bench: Bench = {
  name: 'predict-batch-500',
  what: `predict-batch of ${ROWS} ads over HTTP, one every ${PAUSE_MS} ms, against a hand-written pipelined read, decode and one ONNX run in a separate process, without HTTP, JSON or validation`,
  async run(progress) {
    const prepared = await prepare();
    const servers: ServerProcess[] = [];
    try {
      const larder = await startServer('larder-server.ts', prepared.env);
      servers.push(larder);
      const floor = await startServer('floor-batch.ts', prepared.env);
      servers.push(floor);
      progress(pinSelf(prepared.processIds));
      const { values, floors, ratios } = await interleaved(
        ROUNDS,
        () => batchMs(larder),
        () => floor.work(),
      );
      const ratio = median(ratios);
      return [
        {
          name: 'predict-batch-500',
          value: median(values),
          unit: 'ms',
          floor: median(floors),
          ratio,
          target: `≤ ${MAX_RATIO} × its time`,
          ok: ratio <= MAX_RATIO,
        },
      ];
    } finally {
      for (const server of servers) await server.stop();
      await prepared.close();
    }
  },
};

export default bench;

const BODIES = batches().map((adIds) =>
  JSON.stringify({
    rows: adIds.map((adId) => ({ entities: { ad_id: adId } })),
    shared: { request: { requested_at: '2026-11-20T09:30:00Z' } },
    options: { deadline_ms: 5_000 },
  }),
);

/** Median milliseconds of one batch, from sending to the last byte. */
async function batchMs({ url }: ServerProcess): Promise<number> {
  const path = '/v1/models/ad_ctr/predict-batch';
  const { latencies } = await load({
    url,
    path,
    bodies: BODIES,
    connections: 1,
    durationMs: ROUND_MS,
    pauseMs: PAUSE_MS,
  });
  return median(latencies);
}

if (import.meta.main) console.table(await bench.run((message) => console.error(message)));
