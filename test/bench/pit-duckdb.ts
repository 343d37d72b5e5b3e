import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { archiveView, joinInDuckdb, openArchive, openDuckdb, textLiteral, writeFile } from '@larder/archive';
import { createLogger } from '@larder/core';
import { findFeatureView, loadProject } from '@larder/features';
import { createOfflineStore, type OfflineStore } from '@larder/offline-store';
import {
  createSpineTable,
  ROWS_PER_ACCOUNT,
  spineBytes,
  startHistoryDatabase,
} from './point-in-time/history-database.ts';
import { joinOf } from './point-in-time/measure-join.ts';
import { writeSpineFile } from './point-in-time/write-spine-file.ts';
import { median, type Bench } from './row.ts';

const HISTORY_ROWS = 5_000_000;
const SPINE_SHARE = 0.1;
const ROUNDS = 3;
const MAX_RATIO = 4;
const MAX_MEMORY_MB = 1_500;
const THREADS = 2;

/** What the measured process prints, one line of JSON. */
interface Measured {
  readonly seconds: number;
  readonly rows: number;
  readonly peakMb: number;
}

const bench: Bench = {
  name: 'pit-duckdb',
  what: '500,000 rows joined with five features of 5,000,000 archived rows (late ones and corrections included) into Parquet by Larder in DuckDB, against the ASOF join of DuckDB alone on the same files, which ignores both; each in a process of its own, with two threads',
  async run(progress, { rows: historyRows = HISTORY_ROWS } = {}) {
    const database = await startHistoryDatabase(['stats_1'], historyRows);
    try {
      await createSpineTable(database, historyRows * SPINE_SHARE, historyRows / ROWS_PER_ACCOUNT);
      const spine = await writeSpineFile(database, await spineBytes(database));
      const dir = join(database.folder, 'archive');
      mkdirSync(dir);
      const started = performance.now();
      await archiveAll(database.store, dir);
      progress(`larder archive: ${((performance.now() - started) / 1_000).toFixed(1)} s`);
      const times: { ours: Measured; bare: Measured }[] = [];
      for (let round = -1; round < ROUNDS; round++) {
        const bare = await measure('bare', { database: database.databaseUrl, dir, spine });
        const ours = await measure('larder', { database: database.databaseUrl, dir, spine });
        progress(
          `larder ${ours.seconds.toFixed(2)} s, ${ours.peakMb} MB; bare ASOF ${bare.seconds.toFixed(2)} s, ${bare.peakMb} MB`,
        );
        if (ours.rows !== bare.rows) throw new Error(`${ours.rows} rows instead of ${bare.rows}.`);
        if (round >= 0) times.push({ ours, bare });
      }
      const ratio = median(times.map(({ ours, bare }) => ours.seconds / bare.seconds));
      const peakMb = Math.max(...times.map(({ ours }) => ours.peakMb));
      return [
        {
          name: 'pit-duckdb',
          value: median(times.map(({ ours }) => ours.seconds)),
          unit: 's',
          floor: median(times.map(({ bare }) => bare.seconds)),
          ratio,
          target: `≤ ${MAX_RATIO} × DuckDB's bare ASOF`,
          ok: ratio <= MAX_RATIO,
        },
        {
          name: 'pit-duckdb-memory',
          value: peakMb,
          unit: 'MB',
          floor: null,
          ratio: null,
          target: `≤ ${MAX_MEMORY_MB} MB at its peak`,
          ok: peakMb <= MAX_MEMORY_MB,
        },
      ];
    } finally {
      await database.close();
    }
  },
};

export default bench;

interface Given {
  readonly database: string;
  readonly dir: string;
  readonly spine: string;
}

async function archiveAll(store: OfflineStore, dir: string): Promise<void> {
  const { manifest, view } = await project();
  const archive = await openArchive(store, dir, manifest.project);
  const duckdb = await openDuckdb({ folders: [archive.folder], threads: THREADS });
  try {
    await archiveView(store, { project: manifest, view, archive, duckdb });
  } finally {
    await duckdb.close();
  }
}

async function project() {
  const { manifest } = await loadProject(join(import.meta.dirname, 'point-in-time/larder.config.ts'));
  return { manifest, view: findFeatureView(manifest, 'stats_1') };
}

async function measure(what: 'bare' | 'larder', given: Given): Promise<Measured> {
  const child = spawn(process.execPath, [import.meta.filename, what, JSON.stringify(given)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => (text += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`The measured process ended with ${code}.`);
  return JSON.parse(text) as Measured;
}

/** In the measured process: spine from Parquet, result into Parquet. */
async function run(what: string, { database, dir, spine }: Given): Promise<Measured> {
  const { manifest, view } = await project();
  const store = createOfflineStore({
    databaseUrl: database,
    logger: createLogger('bench', { level: 'error' }),
  });
  const archive = await openArchive(store, dir, manifest.project);
  const folder = join(spine, '..');
  const duckdb = await openDuckdb({
    folders: [archive.folder, folder],
    threads: THREADS,
    memoryLimitMb: 1_000,
  });
  try {
    const started = performance.now();
    await duckdb.run(
      `create table spine as select row_number() over () as row, * from read_parquet(${textLiteral(spine)})`,
    );
    const features = view.schema.map((_, at) => `v0_f${at}`).join(', ');
    let query: string;
    if (what === 'bare') {
      const files = `read_parquet(${textLiteral(`${archive.folder}/stats_1_v1/*/*.parquet`)})`;
      const columns = view.schema.map(({ name }) => `h.${name}`).join(', ');
      query = `select s.*, ${columns} from spine s asof left join ${files} h
        on s.account_id = h.account_id and s.event_timestamp >= h.event_timestamp`;
    } else {
      const joined = await joinOf({ store, manifest, view: () => view }, ['stats_1']);
      await joinInDuckdb(store, duckdb, joined, {
        archive,
        spine: '(select row, epoch_us(event_timestamp) as at_us, account_id as k0 from spine)',
        resultTable: 'joined',
      });
      query = `select s.*, ${features} from spine s join joined using (row)`;
    }
    const rows = await writeFile(duckdb, query, {
      path: join(duckdb.folder, 'out.parquet'),
      format: 'parquet',
    });
    const seconds = (performance.now() - started) / 1_000;
    return { seconds, rows, peakMb: Math.round(process.resourceUsage().maxRSS / 1_000) };
  } finally {
    await duckdb.close();
    await store.close();
  }
}

if (process.argv[1] === import.meta.filename)
  console.log(JSON.stringify(await run(process.argv[2] ?? '', JSON.parse(process.argv[3] ?? '{}') as Given)));
