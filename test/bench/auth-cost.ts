import { createKey } from '@larder/access';
import { createLogger } from '@larder/core';
import { createOfflineStore } from '@larder/offline-store';
import { loadProject } from '@larder/features';
import { load } from './predict/load.ts';
import { ADS, prepare, type Prepared } from './predict/prepare.ts';
import { pinSelf, startServer, type ServerProcess } from './predict/server-process.ts';
import { median, type Bench, type BenchRow } from './row.ts';

const ROUNDS = 9;
const ROUND_MS = 1_500;
const CONNECTIONS = 16;
const MIN_RATIO = 0.95;
const PATH = '/v1/models/ad_ctr/predict';

interface Measured {
  readonly requestsPerSecond: number;
  readonly cpuUs: number;
}

const bench: Bench = {
  name: 'auth-cost',
  what: `predict-1 with a key, a scope bound to the model, a rate and LARDER_AUTH=keys, against the same service with LARDER_AUTH=off; ${CONNECTIONS} connections`,
  async run(progress) {
    const prepared = await prepare();
    const servers: ServerProcess[] = [];
    try {
      const key = await createBenchKey(prepared);
      const locked = await startServer('larder-server.ts', { ...prepared.env, LARDER_AUTH: 'keys' });
      servers.push(locked);
      const open = await startServer('larder-server.ts', prepared.env);
      servers.push(open);
      progress(pinSelf(prepared.processIds));
      const rounds: { readonly locked: Measured; readonly open: Measured }[] = [];
      for (let round = -1; round < ROUNDS; round++) {
        const withKey = () => measure(locked, { authorization: `Bearer ${key}` });
        const without = () => measure(open, {});
        const lockedFirst = round % 2 === 0;
        const first = lockedFirst ? await withKey() : await without();
        const second = lockedFirst ? await without() : await withKey();
        if (round < 0) continue;
        const measured = lockedFirst ? { locked: first, open: second } : { locked: second, open: first };
        progress(`${show(measured.locked)}; off ${show(measured.open)}`);
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

/** The rate is never reached, so that what is measured is its bookkeeping. */
async function createBenchKey({ env }: Prepared): Promise<string> {
  const logger = createLogger('bench', { level: 'silent' });
  const project = await loadProject(env['LARDER_PROJECT'] ?? '');
  const store = createOfflineStore({ databaseUrl: env['LARDER_DATABASE_URL'] ?? '', logger });
  const { text } = await createKey(store, {
    project: project.name,
    name: 'bench',
    role: null,
    scopes: ['predict:ad_ctr'],
    rate: { requests: 1_000_000, windowSeconds: 1 },
    by: { actor: 'bench', granted: null },
  });
  await store.close();
  return text;
}

async function measure(server: ServerProcess, headers: Readonly<Record<string, string>>): Promise<Measured> {
  const bodies = Array.from({ length: 200 }, (_, at) =>
    JSON.stringify({
      entities: { ad_id: `ad-${(at * 37) % ADS}` },
      request: { requested_at: '2026-11-20T09:30:00Z' },
      options: { deadline_ms: 5_000 },
    }),
  );
  const before = await server.cpuUs();
  const { answered, durationMs } = await load({
    url: server.url,
    path: PATH,
    bodies,
    headers,
    connections: CONNECTIONS,
    durationMs: ROUND_MS,
  });
  const cpuUs = ((await server.cpuUs()) - before) / answered;
  return { requestsPerSecond: (answered * 1_000) / durationMs, cpuUs };
}

function rows(rounds: readonly { readonly locked: Measured; readonly open: Measured }[]): BenchRow[] {
  const of = (member: keyof Measured) => ({
    value: median(rounds.map(({ locked }) => locked[member])),
    floor: median(rounds.map(({ open }) => open[member])),
    ratio: median(rounds.map(({ locked, open }) => locked[member] / open[member])),
  });
  const rate = of('requestsPerSecond');
  const cpu = of('cpuUs');
  return [
    {
      name: 'auth-cost',
      ...rate,
      unit: 'requests/s',
      target: `≥ ${MIN_RATIO} × its requests/s`,
      ok: rate.ratio >= MIN_RATIO,
    },
    {
      name: 'auth-cost-cpu',
      ...cpu,
      unit: 'µs CPU per request',
      target: `≤ ${(1 / MIN_RATIO).toFixed(2)} × its CPU per request`,
      ok: cpu.ratio <= 1 / MIN_RATIO,
    },
  ];
}

function show({ requestsPerSecond, cpuUs }: Measured): string {
  return `${Math.round(requestsPerSecond)} requests/s, ${cpuUs.toFixed(1)} µs`;
}

if (import.meta.main) console.table(await bench.run((message) => console.error(message)));
