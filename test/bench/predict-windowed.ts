import { join } from 'node:path';
import { keyHasher } from '@larder/offline-store';
import { connectRedis, createOnlineStore } from '@larder/online-store';
import { load } from './predict/load.ts';
import { prepare, type PreparedModel } from './predict/prepare.ts';
import { pinSelf, startServer, type ServerProcess } from './predict/server-process.ts';
import { ADS, fillWindows } from './predict-windowed/fill.ts';
import { interleaved, median, quantile, type Bench } from './row.ts';

const ROUNDS = 9;
const ROUND_MS = 1_500;
const CONNECTIONS = 16;
const MIN_RPS_RATIO = 0.85;

const AGGREGATES = ['shown', 'bid', 'top', 'last_bid', 'users'];
const WINDOWS = ['1h', '1d', '7d', '30d'];
const FEATURES = AGGREGATES.flatMap((name) => WINDOWS.map((window) => `${name}_${window}`));

const bench: Bench = {
  name: 'predict-windowed',
  what: `predict of one row with a windowed view (4 windows × 5 aggregates, one of them distinct values, up to 500 events a day) against the same features as a plain view; ${CONNECTIONS} connections`,
  async run(progress) {
    const prepared = await prepare({
      config: join(import.meta.dirname, 'predict-windowed/larder.config.ts'),
      entities: { ad: ADS },
      ...modelOf('windowed', 'ad_windows'),
      moreModels: [modelOf('plain', 'ad_values')],
      fillWindows,
    });
    const servers: ServerProcess[] = [];
    try {
      progress(await bytesPerEntity(prepared.env['LARDER_REDIS_URL'] as string));
      const server = await startServer('larder-server.ts', prepared.env);
      servers.push(server);
      progress(pinSelf(prepared.processIds));
      const cpu = { windowed: [] as number[], plain: [] as number[] };
      const { values, floors, ratios } = await interleaved(
        ROUNDS,
        () => measure(server, 'windowed', cpu.windowed),
        () => measure(server, 'plain', cpu.plain),
      );
      progress(
        `CPU per request: ${median(cpu.windowed).toFixed(1)} µs, plain ${median(cpu.plain).toFixed(1)} µs`,
      );
      const ratio = median(ratios);
      return [
        {
          name: 'predict-windowed',
          value: median(values),
          unit: 'requests/s',
          floor: median(floors),
          ratio,
          target: `≥ ${MIN_RPS_RATIO} × a plain view`,
          ok: ratio >= MIN_RPS_RATIO,
        },
      ];
    } finally {
      for (const server of servers) await server.stop();
      await prepared.close();
    }
  },
};

export default bench;

function modelOf(model: string, view: string): PreparedModel {
  return {
    model,
    output: 'score',
    width: FEATURES.length,
    features: FEATURES.map((name) => `${view}:${name}`),
  };
}

async function bytesPerEntity(url: string): Promise<string> {
  const redis = connectRedis(url, { role: 'tool' });
  const store = createOnlineStore({
    redis,
    project: 'bench',
    keyHasher: async () => keyHasher(Buffer.alloc(32)),
  });
  const sizes: number[] = [];
  for (let ad = 0; ad < ADS; ad++) {
    const fields = (await store.inspect('ad', `ad-${ad}`))?.fields ?? [];
    sizes.push(fields.find(({ viewRef }) => viewRef === 'ad_windows@1')?.sizeBytes ?? 0);
  }
  redis.disconnect();
  const bytes = (share: number) => quantile(sizes, share).toLocaleString('en-US');
  return `bytes per entity: median ${bytes(0.5)}, p90 ${bytes(0.9)}, most ${bytes(1)}`;
}

/** Requests per second; adds the server's CPU time per request. */
async function measure(server: ServerProcess, model: string, cpuUs: number[]): Promise<number> {
  const bodies = Array.from({ length: 200 }, (_, at) =>
    JSON.stringify({ entities: { ad_id: `ad-${(at * 37) % ADS}` }, options: { deadline_ms: 5_000 } }),
  );
  const before = await server.cpuUs();
  const { answered, durationMs } = await load({
    url: server.url,
    path: `/v1/models/${model}/predict`,
    bodies,
    connections: CONNECTIONS,
    durationMs: ROUND_MS,
  });
  cpuUs.push(((await server.cpuUs()) - before) / answered);
  return (answered * 1_000) / durationMs;
}

if (import.meta.main) console.table(await bench.run((message) => console.error(message)));
