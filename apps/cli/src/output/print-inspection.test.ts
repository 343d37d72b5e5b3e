import { PassThrough } from 'node:stream';
import type { Manifest } from '@larder/features';
import type { InspectedEntity } from '@larder/serving';
import { expect, test } from 'vitest';
import { createOutput } from './output.ts';
import { printInspection } from './print-inspection.ts';

function inspected(landedAt: string | null, objectiveMs: number | null = null): string {
  const held: InspectedEntity = {
    entity: 'ad',
    key: 'ad-42',
    join_keys: { ad_id: 'ad-42' },
    redis_key: 'larder:ads:{ad:ad-42}',
    memory_bytes: 100,
    expires_at: null,
    history_available: true,
    views: [
      {
        ref: 'ad_image@1',
        view: 'ad_image',
        version: 1,
        status: 'PRESENT',
        event_timestamp: '2026-11-20T09:30:00.000Z',
        created_timestamp: '2026-11-20T09:30:00.000Z',
        landed_at: landedAt,
        online_at: landedAt,
        revision: 3,
        age_ms: 1_000,
        ttl_ms: 'forever',
        ttl_left_ms: null,
        freshness_objective_ms: objectiveMs,
        size_bytes: 50,
        written_by: null,
        values: null,
      },
    ],
    missing: [],
  };
  let text = '';
  const stream = () => new PassThrough().on('data', (chunk: Buffer) => (text += chunk.toString()));
  const out = createOutput({ json: false, colours: false, columns: 80, stdout: stream(), stderr: stream() });
  const manifest = { project: 'ads', feature_views: {} } as unknown as Manifest;
  printInspection(held, { manifest, runs: new Map() }, out);
  return text;
}

test('a row whose run was forgotten says so, one that history does not have does not', () => {
  expect(inspected('2026-11-20T09:31:00.000Z')).toMatch(/run +forgotten: .*LARDER_RUN_RETENTION/);
  expect(inspected(null)).toMatch(/run +unknown to history/);
});

test('the freshness objective of the view is shown, where it has one', () => {
  expect(inspected(null, 21_600_000)).toContain('kept for ever, freshness objective 6h, 50 bytes');
  expect(inspected(null)).not.toContain('objective');
});
