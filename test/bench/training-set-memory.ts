import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDuckdb, textLiteral } from '@larder/archive';
import { ROWS_PER_ACCOUNT, startHistoryDatabase } from './point-in-time/history-database.ts';
import type { Bench } from './row.ts';

const ROWS = 1_000_000;
const HISTORY_SHARE = 0.2;
const VIEWS = ['stats_1', 'stats_2', 'stats_3', 'stats_4', 'stats_5'];
const MAX_MB = 500;

interface Measured {
  readonly rows: number;
  readonly features: number;
  readonly seconds: number;
  readonly stages: Readonly<Record<string, number>>;
  readonly peakMb: number;
}

const bench: Bench = {
  name: 'training-set-memory',
  what: 'a training set of 1,000,000 rows with 25 features of five views and five on-demand features, in three parts with statistics: the most memory of the whole process',
  async run(progress, { rows = ROWS } = {}) {
    const database = await startHistoryDatabase(VIEWS, rows * HISTORY_SHARE);
    try {
      progress(`${VIEWS.length} histories of ${rows * HISTORY_SHARE} rows each`);
      const spine = join(database.folder, 'spine.parquet');
      const duckdb = await openDuckdb({ folders: [database.folder] });
      await duckdb.run(
        `copy (select 'account-' || lpad((hash(n) % ${Math.max(1, Math.floor((rows * HISTORY_SHARE) / ROWS_PER_ACCOUNT))})::text, 9, '0') as account_id,
          timestamptz '2025-01-01 00:00:00+00' + to_seconds((hash(n + 77) % 31536000)::bigint) as event_timestamp,
          (n % 1000) / 10.0 as amount, n % 2 as label from range(${rows}) numbered(n)) to ${textLiteral(spine)} (format parquet)`,
      );
      await duckdb.close();
      const { stdout } = await promisify(execFile)(process.execPath, [
        join(import.meta.dirname, 'training-set/bare-build.ts'),
        database.databaseUrl,
        spine,
        join(database.folder, 'set'),
      ]);
      const measured = JSON.parse(stdout) as Measured;
      const { peakMb, seconds, features } = measured;
      progress(
        `${measured.rows} rows × ${features} features in ${seconds.toFixed(1)} s, ${Math.round(peakMb)} MiB; ${JSON.stringify(measured.stages)}`,
      );
      return [
        {
          name: 'training-set-memory',
          value: peakMb,
          unit: 'MiB at most, the process that builds',
          floor: null,
          ratio: null,
          target: `≤ ${MAX_MB} MiB`,
          ok: peakMb <= MAX_MB,
        },
      ];
    } finally {
      await database.close();
    }
  },
};

export default bench;
