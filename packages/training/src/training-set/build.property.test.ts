import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveView, openArchive, openDuckdb } from '@larder/archive';
import { viewRef, type FieldManifest, type Manifest } from '@larder/features';
import type { JoinedView, OfflineStore } from '@larder/offline-store';
import {
  createJoinHistories,
  drawJoinCase,
  joinProject,
  joinViews,
  landJoinCase,
  naiveJoin,
  type JoinCase,
} from '@larder/offline-store/testing/point-in-time';
import { test } from '@larder/offline-store/testing';
import fc from 'fast-check';
import { sql } from 'kysely';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect } from 'vitest';
import { readRows } from '../testing/read-rows.ts';
import { buildAgain, buildTrainingSet } from './build-training-set.ts';
import { isoOfMicroseconds } from './split/plan-split.ts';

/** Later than everything that the cases land or ask for. */
const NOW_MS = Date.UTC(2027, 0, 1);

/** A view twice in one join is for engines: a list of features names it once. */
function withDistinctViews({ join: joined, histories, ...rest }: JoinCase): JoinCase {
  const places = joined.views.flatMap(({ view }, at) =>
    joined.views.findIndex((other) => other.view === view) === at &&
    (joined.views[at]?.features.length ?? 0) > 0
      ? [at]
      : [],
  );
  return {
    ...rest,
    join: { ...joined, views: places.map((at) => joined.views[at] as JoinedView) },
    histories: places.map((at) => histories[at] ?? []),
  };
}

function manifestOf({ join: { views } }: JoinCase): Manifest {
  const ttls = new Map(views.map(({ view, ttlMs }) => [viewRef(view), ttlMs]));
  return {
    format: 1,
    project: joinProject.project,
    entities: joinProject.entities,
    feature_views: Object.fromEntries(
      joinViews.map((view) => [viewRef(view), { ...view, ttl_ms: ttls.get(viewRef(view)) ?? 'forever' }]),
    ),
    on_demand_feature_views: {},
    models: {},
    connections: [],
    allowed_hosts: [],
    event_horizon_ms: 0,
  };
}

function spineText({ spine }: JoinCase): string {
  const quoted = (value: unknown): string => `"${String(value).replaceAll('"', '""')}"`;
  const lines = spine.map(({ row, atUs, keys }) =>
    [row, isoOfMicroseconds(atUs), String(keys['row'] as bigint), quoted(keys['ad_id'])].join(','),
  );
  return `n,event_timestamp,row,ad_id\n${lines.join('\n')}\n`;
}

/** A value of the set as the naive join gives it. */
function comparable({ type }: FieldManifest, value: unknown): unknown {
  if (value === null) return null;
  if (value instanceof Date) return value.getTime();
  return type === 'json' ? JSON.parse(value as string) : value;
}

const cases = drawJoinCase.map(withDistinctViews).filter((drawn) => drawn.join.views.length > 0);

/** Archives the rows of three of the five chunks; those of the others have landed since. */
async function archiveSome(store: OfflineStore, dir: string): Promise<void> {
  const archive = await openArchive(store, dir, joinProject.project);
  const duckdb = await openDuckdb({ folders: [archive.folder] });
  try {
    for (const table of ['larder.unnumbered_changes', 'larder.changes', 'larder.feeds'])
      await sql`delete from ${sql.table(table)} where project = 'joined'`.execute(store.db);
    await sql`insert into larder.feeds (project, last_position) values ('joined', 99)`.execute(store.db);
    for (const [i, { name, version }] of joinViews.entries()) {
      await sql`insert into larder.changes (project, position, kind, view, version, chunk_id, rows, first_event_timestamp, last_event_timestamp, recorded_at, numbered_at)
        select 'joined', ${i * 10}::int + c, 'landed', ${name}, ${version}, c, 1, '0001-01-01', '9999-01-01', now(), now() from generate_series(1, 3) c`.execute(
        store.db,
      );
      await sql`insert into larder.unnumbered_changes (project, kind, view, version, chunk_id, rows, first_event_timestamp, last_event_timestamp)
        select 'joined', 'landed', ${name}, ${version}, c, 1, '0001-01-01', '9999-01-01' from generate_series(4, 5) c`.execute(
        store.db,
      );
    }
    for (const view of joinViews)
      await archiveView(store, { project: joinProject, view, archive, duckdb, rewrite: true });
  } finally {
    await duckdb.close();
  }
}

test('a set holds what the naive join gives, row by row, and is the same when the other engine builds it again', async ({
  store,
}) => {
  await createJoinHistories(store);
  await sql`create table larder.changes_of_all_days partition of larder.changes default`.execute(store.db);
  const folder = await mkdtemp(join(tmpdir(), 'larder-set-property-'));
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(cases, async (drawn) => {
        await landJoinCase(store, drawn);
        run += 1;
        const spine = join(folder, `${run}.csv`);
        await writeFile(spine, spineText(drawn));
        const manifest = manifestOf(drawn);
        const deps = {
          store,
          definitions: { manifest, functionOf: () => ({ compute: () => null }) },
          connections: {},
          actor: 'test',
          clock: { nowMs: () => NOW_MS },
        };
        const { views } = drawn.join;
        const built = await buildTrainingSet(deps, {
          features: {
            kind: 'list',
            references: views.flatMap(({ view, features }) =>
              features.map(({ name }) => `${viewRef(view)}:${name}`),
            ),
          },
          spine: { kind: 'file', path: spine, format: 'csv' },
          cutOff: drawn.join.cutOff,
          folder: join(folder, `set-${run}`),
        });
        const landedBefore = new Date(built.history.landed_before);
        const expected = naiveJoin({ ...drawn, join: { ...drawn.join, landedBefore } });
        const rows = await readRows(join(folder, `set-${run}`, 'rows.parquet'));
        const fields = views.flatMap(({ features }) => features);
        const columns = built.features.map(({ name }) => name);
        expect(
          rows.map((row) => columns.map((name, i) => comparable(fields[i] as FieldManifest, row[name]))),
        ).toEqual(
          expected.map((row) => {
            let at = 1;
            return views.flatMap(({ features }) => {
              const values = row.slice(at + 4, at + 4 + features.length);
              at += 4 + features.length;
              return values;
            });
          }),
        );
        // Built again by the other engine: `buildAgain` compares the hash of the content.
        const archiveFolder = join(folder, 'archive');
        await archiveSome(store, archiveFolder);
        const again = await buildAgain(
          { ...deps, archiveFolder },
          { manifest: built, folder: join(folder, `again-${run}`), engine: 'duckdb' },
        );
        expect(again).toMatchObject({ content_sha256: built.content_sha256, engine: { name: 'duckdb' } });
      }),
      { numRuns: 6 },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
