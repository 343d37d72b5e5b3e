import { join } from 'node:path';
import { systemClock } from '@larder/core';
import { buildTrainingSet } from '@larder/training';
import {
  createSpineTable,
  ROWS_PER_ACCOUNT,
  spineBytes,
  startHistoryDatabase,
} from './point-in-time/history-database.ts';
import { joinOf, measureJoin, told } from './point-in-time/measure-join.ts';
import { writeSpineFile } from './point-in-time/write-spine-file.ts';
import { median, type Bench } from './row.ts';

const HISTORY_ROWS = 5_000_000;
const SPINE_SHARE = 0.1;
const ROUNDS = 3;
const MAX_SECONDS = 5;
const MAX_PARQUET_RATIO = 2;

const bench: Bench = {
  name: 'pit-500k-5m',
  what: '500,000 rows joined as of their times with five features of 5,000,000 rows of history in 12 monthly partitions, by one session without parallel workers; then the whole training set, from a spine in Parquet to a set in Parquet',
  async run(progress, { rows: historyRows = HISTORY_ROWS } = {}) {
    const spineRows = historyRows * SPINE_SHARE;
    const database = await startHistoryDatabase(['stats_1'], historyRows);
    try {
      await createSpineTable(database, spineRows, historyRows / ROWS_PER_ACCOUNT);
      const spine = await spineBytes(database);
      const spineFile = await writeSpineFile(database, spine);
      const joined: number[] = [];
      const built: number[] = [];
      for (let round = -1; round < ROUNDS; round++) {
        const measured = await measureJoin(database, await joinOf(database, ['stats_1']), spine);
        if (measured.rows !== spineRows)
          throw new Error(`${measured.rows} of ${spineRows} rows were joined.`);
        progress(`join: ${told(measured)}`);
        const started = performance.now();
        const { files } = await buildTrainingSet(
          {
            store: database.store,
            definitions: {
              manifest: database.manifest,
              functionOf: () => {
                throw new Error('There are no on-demand functions.');
              },
            },
            connections: {},
            actor: 'bench',
            clock: systemClock,
          },
          {
            features: { kind: 'list', references: ['stats_1'] },
            spine: { kind: 'file', path: spineFile, format: 'parquet' },
            engine: 'postgresql',
            folder: join(database.folder, `set${round}`),
          },
        );
        const seconds = (performance.now() - started) / 1_000;
        progress(`training set: ${seconds.toFixed(2)} s, ${files[0]?.rows} rows`);
        if (round < 0) continue;
        joined.push(measured.seconds);
        built.push(seconds);
      }
      const value = median(joined);
      const ratio = median(built.map((seconds, at) => seconds / (joined[at] as number)));
      return [
        {
          name: 'pit-500k-5m',
          value,
          unit: 's',
          floor: null,
          ratio: null,
          target: `≤ ${MAX_SECONDS} s in the database, on one core`,
          ok: value <= MAX_SECONDS,
        },
        {
          name: 'pit-500k-5m-parquet',
          value: median(built),
          unit: 's',
          floor: value,
          ratio,
          target: `≤ ${MAX_PARQUET_RATIO} × the join alone`,
          ok: ratio <= MAX_PARQUET_RATIO,
        },
      ];
    } finally {
      await database.close();
    }
  },
};

export default bench;
