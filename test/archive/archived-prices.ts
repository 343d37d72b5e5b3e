import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { archiveView, openArchive, openDuckdb, writeFile } from '@larder/archive';
import type { FeatureViewManifest } from '@larder/features';
import {
  appendHistory,
  ensureHistory,
  joinInPostgresql,
  type HistoryRow,
  type OfflineStore,
  type PointInTimeJoin,
} from '@larder/offline-store';
import { project, view } from '@larder/offline-store/testing';
import { readJoinedCsv, spineCsv, type JoinedRow } from '@larder/offline-store/testing/point-in-time';

/** A view whose history has late rows, corrections, ties and ended keys over three months, in an archive. */
export interface ArchivedPrices {
  readonly store: OfflineStore;
  readonly view: FeatureViewManifest;
  readonly rows: readonly HistoryRow[];
  /** When the online store confirmed them. */
  readonly onlineAt: Date;
  /** Folder of the view version's files. */
  readonly files: string;
  readonly folder: string;
}

const prices = view('prices', [
  { name: 'price', type: 'float64' },
  { name: 'title', type: 'string' },
  { name: 'embedding', type: 'vector', length: 2 },
]);
const START_MS = Date.UTC(2026, 8, 20);
const HOUR_MS = 3_600_000;
const HOURS = 60 * 24;
const ONLINE_AT = new Date('2026-11-28T10:00:00.123Z');

/** The same numbers in every run: a linear congruential generator. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

function drawRows(): HistoryRow[] {
  const next = numbers(7);
  const rows = Array.from({ length: 400 }, (_, i): HistoryRow => {
    const eventTimestampMs = START_MS + next(HOURS) * HOUR_MS;
    const isGone = next(15) === 0;
    const values = {
      price: next(6) === 0 ? null : next(10_000) / 7,
      title: next(6) === 0 ? null : (['', 'é "quoted", 🏖', `title ${i}`][next(3)] as string),
      embedding: next(6) === 0 ? null : Float32Array.of(next(100) / 3, -i),
    };
    return {
      keys: { ad_id: `ad-${next(12)}` },
      eventTimestampMs,
      createdTimestampMs: eventTimestampMs + ([0, 0, 0, 30 * HOUR_MS, -HOUR_MS][next(5)] as number),
      revision: 1 + next(3),
      chunkId: 1,
      inputHash: 0n,
      ...(isGone ? { isGone: true as const, values: {} } : { values }),
    };
  });
  const seen = new Set<string>();
  return rows.filter(({ keys, eventTimestampMs, createdTimestampMs, revision }) => {
    const id = [keys['ad_id'] as string, eventTimestampMs, createdTimestampMs, revision].join('|');
    return !seen.has(id) && seen.add(id);
  });
}

export async function archivePrices(store: OfflineStore): Promise<ArchivedPrices & { remove(): void }> {
  const rows = drawRows();
  await ensureHistory(store, project, prices);
  await store.transaction((tx) => appendHistory(tx, project, prices, rows));
  await store.pool.query('insert into larder.kept_online_times values (1, $1)', [ONLINE_AT]);
  const folder = mkdtempSync(join(tmpdir(), 'larder-readers-'));
  const archive = await openArchive(store, folder, project.project);
  const duckdb = await openDuckdb({ folders: [archive.folder] });
  try {
    await archiveView(store, { project, view: prices, archive, duckdb });
  } finally {
    await duckdb.close();
  }
  return {
    store,
    view: prices,
    rows,
    onlineAt: ONLINE_AT,
    files: join(archive.folder, 'prices_v1'),
    folder,
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Rows of a spine as Parquet, and what PostgreSQL joins to them. */
export async function joinedByPostgresql(
  { store, folder }: ArchivedPrices,
  ttlMs: number,
): Promise<{ readonly spine: string; readonly joined: readonly JoinedRow[] }> {
  const next = numbers(11);
  const spine = Array.from({ length: 300 }, (_, row) => ({
    row,
    atUs: BigInt(START_MS + next(HOURS * 2) * (HOUR_MS / 2)) * 1_000n + BigInt(next(3) - 1),
    keys: { ad_id: `ad-${next(13)}` },
  }));
  const entity = project.entities['ad'] as PointInTimeJoin['entity'];
  const asked: PointInTimeJoin = {
    project,
    entity,
    views: [{ view: prices, features: prices.schema, ttlMs }],
    cutOff: 'created',
    landedBefore: new Date(Date.now() + HOUR_MS),
  };
  const csv = spineCsv({ join: asked, spine });
  const path = `${folder}/spine.parquet`;
  const duckdb = await openDuckdb({ folders: [folder] });
  try {
    const values = spine.map(({ row, atUs, keys }) => `(${row}, make_timestamptz(${atUs}), '${keys.ad_id}')`);
    await writeFile(duckdb, `select * from (values ${values.join(', ')}) t("row", "at", ad_id)`, {
      path,
      format: 'parquet',
    });
  } finally {
    await duckdb.close();
  }
  const result = await text(
    joinInPostgresql(store, asked, Readable.from([Buffer.from(csv)], { objectMode: false })),
  );
  return { spine: path, joined: readJoinedCsv(asked, result) };
}
