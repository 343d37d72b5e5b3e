import { parseArgs } from 'node:util';
import { load } from './predict/load.ts';
import { ADS, prepare } from './predict/prepare.ts';
import { pinSelf, startServer, type ServerProcess } from './predict/server-process.ts';
import { median, type Bench, type BenchRow } from './row.ts';

const ROUNDS = 9;
const ROUND_MS = 1_500;
const CONNECTIONS = 16;
const MIN_RPS_RATIO = 0.95;
const MAX_CPU_RATIO = 1.25;

/** Not in the table: Larder before Express against Larder behind it, for docs/adr/0002-raw-handler-for-predict.md. */
const againstExpress =
  import.meta.main &&
  parseArgs({ options: { 'behind-express': { type: 'boolean' } } }).values['behind-express'] === true;

interface Measured {
  readonly requestsPerSecond: number;
  readonly cpuUsPerRequest: number;
}

const bench: Bench = {
  name: 'predict-1',
  what: `predict of one row (two views with an embedding of 512, on-demand time, real model), all middleware on, against a hand-written Express 5 service; ${CONNECTIONS} connections`,
  async run(progress) {
    const prepared = await prepare();
    const servers: ServerProcess[] = [];
    try {
      const larder = await startServer('larder-server.ts', prepared.env);
      servers.push(larder);
      const floor = await startServer(
        againstExpress ? 'larder-behind-express.ts' : 'floor-server.ts',
        prepared.env,
      );
      servers.push(floor);
      progress(pinSelf(prepared.processIds));
      const rounds: { larder: Measured; floor: Measured }[] = [];
      for (let round = -1; round < ROUNDS; round++) {
        const one = () => measure(larder, PATH, larderBody);
        const other = () =>
          againstExpress ? measure(floor, PATH, larderBody) : measure(floor, '/predict', floorBody);
        const first = round % 2 === 0 ? await one() : await other();
        const second = round % 2 === 0 ? await other() : await one();
        if (round < 0) continue;
        const measured =
          round % 2 === 0 ? { larder: first, floor: second } : { larder: second, floor: first };
        progress(`${show(measured.larder)}; floor ${show(measured.floor)}`);
        rounds.push(measured);
      }
      return rows(rounds);
    } finally {
      for (const server of servers) await server.stop();
      await prepared.close();
    }
  },
};

export default bench;

function rows(rounds: readonly { readonly larder: Measured; readonly floor: Measured }[]): BenchRow[] {
  const of = (member: keyof Measured) => ({
    value: median(rounds.map(({ larder }) => larder[member])),
    floor: median(rounds.map(({ floor }) => floor[member])),
    ratio: median(rounds.map(({ larder, floor }) => larder[member] / floor[member])),
  });
  const rps = of('requestsPerSecond');
  const cpu = of('cpuUsPerRequest');
  return [
    {
      name: 'predict-1',
      ...rps,
      unit: 'requests/s',
      target: `≥ ${MIN_RPS_RATIO} × its requests/s`,
      ok: rps.ratio >= MIN_RPS_RATIO,
    },
    {
      name: 'predict-1-cpu',
      ...cpu,
      unit: 'µs CPU per request',
      target: `≤ ${MAX_CPU_RATIO} × its CPU per request`,
      ok: cpu.ratio <= MAX_CPU_RATIO,
    },
  ];
}

const PATH = '/v1/models/ad_ctr/predict';
const REQUESTED_AT = '2026-11-20T09:30:00Z';
const larderBody = (adId: string) => ({
  entities: { ad_id: adId },
  request: { requested_at: REQUESTED_AT },
  options: { deadline_ms: 5_000 },
});
const floorBody = (adId: string) => ({ ad_id: adId, requested_at: REQUESTED_AT });

async function measure(
  server: ServerProcess,
  path: string,
  bodyOf: (adId: string) => object,
): Promise<Measured> {
  const bodies = Array.from({ length: 200 }, (_, at) => JSON.stringify(bodyOf(`ad-${(at * 37) % ADS}`)));
  const before = await server.cpuUs();
  const { answered, durationMs } = await load({
    url: server.url,
    path,
    bodies,
    connections: CONNECTIONS,
    durationMs: ROUND_MS,
  });
  const after = await server.cpuUs();
  return { requestsPerSecond: (answered * 1_000) / durationMs, cpuUsPerRequest: (after - before) / answered };
}

function show({ requestsPerSecond, cpuUsPerRequest }: Measured): string {
  return `${Math.round(requestsPerSecond)} requests/s, ${cpuUsPerRequest.toFixed(1)} µs`;
}

if (import.meta.main) console.table(await bench.run((message) => console.error(message)));
