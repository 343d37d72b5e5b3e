import { load } from './predict/load.ts';
import { ADS, prepare } from './predict/prepare.ts';
import { pinSelf, startServer, type ServerProcess } from './predict/server-process.ts';
import { interleaved, median, type Bench } from './row.ts';

const ROUNDS = 9;
const ROUND_MS = 2_000;
const CONNECTIONS = 16;
const MIN_RPS_RATIO = 0.93;
const MAX_CPU_RATIO = 1.08;

const bench: Bench = {
  name: 'log-cost',
  what: `predict of one row with the prediction log (keys, scalars, pointers, timings into PostgreSQL) against the same service without any log; ${CONNECTIONS} connections`,
  async run(progress) {
    const prepared = await prepare();
    const servers: ServerProcess[] = [];
    try {
      const logged = await startServer('larder-server.ts', prepared.env);
      servers.push(logged);
      const unlogged = await startServer('larder-without-log.ts', prepared.env);
      servers.push(unlogged);
      progress(pinSelf(prepared.processIds));
      const cpu = { logged: [] as number[], unlogged: [] as number[] };
      const { values, floors, ratios } = await interleaved(
        ROUNDS,
        () => measure(logged, cpu.logged, progress),
        () => measure(unlogged, cpu.unlogged, progress),
      );
      const ratio = median(ratios);
      // Without the warm-up round.
      const cpuRatio = median(
        cpu.logged.slice(1).map((us, round) => us / (cpu.unlogged[round + 1] as number)),
      );
      return [
        {
          name: 'log-cost',
          value: median(values),
          unit: 'requests/s',
          floor: median(floors),
          ratio,
          target: `≥ ${MIN_RPS_RATIO} × without any log`,
          ok: ratio >= MIN_RPS_RATIO,
        },
        {
          name: 'log-cost-cpu',
          value: median(cpu.logged),
          unit: 'µs CPU per request',
          floor: median(cpu.unlogged),
          ratio: cpuRatio,
          target: `≤ ${MAX_CPU_RATIO} × without any log`,
          ok: cpuRatio <= MAX_CPU_RATIO,
        },
      ];
    } finally {
      for (const server of servers) await server.stop();
      await prepared.close();
    }
  },
};

export default bench;

const BODIES = Array.from({ length: 200 }, (_, at) =>
  JSON.stringify({
    entities: { ad_id: `ad-${(at * 37) % ADS}` },
    request: { requested_at: '2026-11-20T09:30:00Z' },
    options: { deadline_ms: 5_000 },
  }),
);

/** Requests per second; adds the server's CPU time per request. */
async function measure(
  server: ServerProcess,
  cpuUs: number[],
  progress: (message: string) => void,
): Promise<number> {
  const before = await server.cpuUs();
  const { answered, durationMs } = await load({
    url: server.url,
    path: '/v1/models/ad_ctr/predict',
    bodies: BODIES,
    connections: CONNECTIONS,
    durationMs: ROUND_MS,
  });
  const used = ((await server.cpuUs()) - before) / answered;
  const rate = (answered * 1_000) / durationMs;
  cpuUs.push(used);
  progress(`${Math.round(rate)} requests/s, ${used.toFixed(1)} µs`);
  return rate;
}

if (import.meta.main) console.table(await bench.run((message) => console.error(message)));
