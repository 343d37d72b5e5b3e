import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openArchive, openDuckdb } from '@larder/archive';
import { expect } from 'vitest';
import { test } from '../../testing/history-test.ts';
import { resolveFeatures } from '../features/resolve-features.ts';
import { loadSpine } from '../spine/load-spine.ts';
import type { EngineChoice } from '../training-set-request.ts';
import { joinGroups } from './join-groups.ts';

test('where the archive lacks the history, PostgreSQL joins and the reason is told; DuckDB asked for fails', async ({
  history: { store, definitions, land },
  folder,
}) => {
  const at = Date.parse('2026-03-01T00:00:00Z');
  await land([
    { ref: 'ad_image@1', keys: { ad_id: 'ad-1' }, values: { brightness: 7 }, eventTimestampMs: at },
  ]);
  const path = join(folder, 'spine.csv');
  await writeFile(path, 'ad_id,event_timestamp\nad-1,2026-03-02T00:00:00Z\n');
  const features = resolveFeatures(definitions, { kind: 'list', references: ['ad_image:brightness'] });
  // Nothing was archived yet.
  const archive = await openArchive(store, join(folder, 'archive'), definitions.manifest.project);
  const duckdb = await openDuckdb({ folders: [folder] });
  try {
    const names = ['ad_id', 'event_timestamp'];
    const spine = await loadSpine(
      duckdb,
      { path, format: 'csv', types: null, names, called: 'spine.csv' },
      { features, timeColumn: 'event_timestamp', latest: new Date() },
    );
    const joinsBy = (asked: EngineChoice) =>
      joinGroups(duckdb, {
        store,
        spine,
        joins: features.groups.map(({ entity, views }) => ({
          project: definitions.manifest,
          entity,
          views: views.map((each) => ({ ...each, ttlMs: each.view.ttl_ms })),
          cutOff: 'created' as const,
          landedBefore: new Date(),
        })),
        asked,
        engine: { name: 'duckdb', why: 'expected to be faster', archive },
        signal: new AbortController().signal,
        onRows: () => {},
      });
    await expect(joinsBy('duckdb')).rejects.toMatchObject({
      code: 'ARCHIVE_BEHIND',
      message: expect.stringContaining('Run: larder archive ad_image') as string,
    });
    expect(await joinsBy('auto')).toMatchObject({
      name: 'postgresql',
      archive: null,
      why: expect.stringMatching(/^the archive cannot be used\. .*ad_image@1.*Run: larder archive/) as string,
    });
    expect(await duckdb.all('select v0_f0 from joined_0')).toEqual([{ v0_f0: 7 }]);
  } finally {
    await duckdb.close();
  }
});
