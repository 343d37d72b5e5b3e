import { join, resolve } from 'node:path';
import { openStateFolder, removeStateFolder, startEmbeddedPostgres, startEmbeddedRedis } from '@larder/infra';
import { restartEverything } from '../rolling/restart-everything.ts';
import type { Bench } from './row.ts';

const PROCESSES = 2;
const LOAD_MS = 60_000;
const DRAIN_SECONDS = 5;

const bench: Bench = {
  name: 'rolling-restart',
  what: `${LOAD_MS / 1_000} s of load on predict, predict-batch, push and runs while ${PROCESSES} inference and ${PROCESSES} worker processes are replaced, one after the other`,
  async run(progress) {
    const folder = openStateFolder(resolve(import.meta.dirname, '../..'), `bench-${process.pid}`);
    const [redis, postgres] = await Promise.all([
      startEmbeddedRedis(folder, { durable: false }),
      startEmbeddedPostgres(folder, { durable: false }),
    ]);
    try {
      await postgres.createDatabase('bench');
      const { told, lost, exitCodes } = await restartEverything({
        stores: { databaseUrl: postgres.url('bench'), redisUrl: redis.url },
        folder: join(folder.path, 'project'),
        processes: PROCESSES,
        drainSeconds: DRAIN_SECONDS,
        pauseMs: 10,
        loadMs: LOAD_MS,
      });
      const value = told.errors.length + lost.predictions + lost.pushedRows + lost.runs.length;
      const first = told.errors[0] === undefined ? '' : `, the first: ${told.errors[0].slice(0, 300)}`;
      // On a machine that is busy with something else, Redis may take longer than predictions wait for it.
      const stalls = told.errors.filter((error) => error.includes('ONLINE_STORE_UNAVAILABLE')).length;
      const asked = Object.entries(told.requests).map(([name, count]) => `${count} × ${name}`);
      progress(asked.join(', '));
      for (const error of told.errors) progress(error.slice(0, 600));
      return [
        {
          name: 'rolling-restart',
          value,
          unit: 'errors or losses',
          floor: null,
          ratio: null,
          target: '0',
          ok: value === 0 && exitCodes.every((code) => code === 0),
          note: `${asked.join(', ')}: ${told.errors.length} errors (${stalls} because Redis did not answer within 250 ms)${first}; of ${told.predictionIds.length} predictions ${lost.predictions} are not in the durable log, of ${told.pushed.size} pushed rows ${lost.pushedRows} are lost or doubled, of ${told.runs.length} runs ${lost.runs.length} are inconsistent (${lost.runs.join(', ') || 'none'}); exit codes ${exitCodes.join(', ')}`,
        },
      ];
    } finally {
      await Promise.all([redis.stop(), postgres.stop()]);
      removeStateFolder(folder);
    }
  },
};

export default bench;

if (import.meta.main) console.table(await bench.run((message) => console.error(message)));
