import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createOfflineStore } from '@larder/offline-store';
import { startApp, type AppProcess } from './app-process.ts';
import { createBalancer } from './balancer.ts';
import { countLost, type Lost } from './count-lost.ts';
import { startRollingLoad, type Told } from './rolling-load.ts';
import { applyIn, logger, writeProject, type RestartStores } from './restart-project.ts';

export interface RestartOptions {
  readonly stores: RestartStores;
  readonly folder: string;
  /** Of each kind. */
  readonly processes: number;
  readonly drainSeconds: number;
  /** Pause of each caller after an answer. */
  readonly pauseMs: number;
  /** The load lasts at least this long. @default until everything is replaced */
  readonly loadMs?: number;
}

export interface Restarted {
  readonly told: Told;
  readonly lost: Lost;
  /** Exit codes of the processes that were replaced. */
  readonly exitCodes: readonly (number | null)[];
}

type App = 'inference' | 'worker';

/** Replaces every process under load, one after the other: the next one is ready before the old one gets SIGTERM. */
export async function restartEverything(options: RestartOptions): Promise<Restarted> {
  const { stores, folder, processes } = options;
  const configPath = await writeProject(folder);
  await applyIn(folder, stores);
  const balancer = createBalancer();
  const running: Record<App, AppProcess[]> = { inference: [], worker: [] };
  const env = {
    LARDER_PROJECT: configPath,
    LARDER_DATABASE_URL: stores.databaseUrl,
    LARDER_REDIS_URL: stores.redisUrl,
    LARDER_CONNECTION_SHOP_URL: stores.databaseUrl,
    LARDER_CACHE_FOLDER: join(folder, 'cache'),
    LARDER_PREDICTION_LOG: 'durable',
    LARDER_DRAIN_SECONDS: String(options.drainSeconds),
    LARDER_WORKER_SLOTS: '1',
  };
  const start = async (app: App): Promise<AppProcess> => {
    const started = await startApp(app, { env });
    if (app === 'inference') {
      balancer.add(started.url);
      while (!balancer.isReady(started.url)) await delay(20);
    }
    return started;
  };
  const exitCodes: (number | null)[] = [];
  const store = createOfflineStore({ databaseUrl: stores.databaseUrl, logger });
  try {
    for (const app of ['inference', 'worker'] as const)
      for (let at = 0; at < processes; at++) running[app].push(await start(app));
    const load = startRollingLoad(balancer, options);
    const loaded = delay(options.loadMs ?? 0);
    while (load.told.runs.length === 0 && load.told.errors.length === 0) await delay(50);
    for (const app of ['inference', 'worker'] as const)
      for (let at = 0; at < processes; at++) {
        const old = running[app][at] as AppProcess;
        running[app][at] = await start(app);
        exitCodes.push(await old.end('SIGTERM'));
        balancer.remove(old.url);
      }
    await loaded;
    await load.stop();
    const [last] = running.inference as [AppProcess];
    return { told: load.told, exitCodes, lost: await countLost(store, { url: last.url, told: load.told }) };
  } finally {
    await balancer.close();
    await Promise.all(Object.values(running).flatMap((each) => each.map((app) => app.end('SIGKILL'))));
    await store.close();
  }
}
