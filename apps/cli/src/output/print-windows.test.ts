import { PassThrough } from 'node:stream';
import type { Manifest } from '@larder/features';
import type { InspectedEntity } from '@larder/serving';
import { expect, test } from 'vitest';
import { createOutput } from './output.ts';
import { printInspection } from './print-inspection.ts';

test('a windowed view is shown as a table of its windows', () => {
  const held: InspectedEntity = {
    entity: 'ad',
    key: 'ad-42',
    join_keys: { ad_id: 'ad-42' },
    redis_key: 'larder:ads:{ad:ad-42}',
    memory_bytes: 600,
    expires_at: '2026-11-21T12:00:00.000Z',
    history_available: true,
    views: [
      {
        ref: 'ad_stats@1',
        view: 'ad_stats',
        version: 1,
        status: 'PRESENT',
        event_timestamp: '2026-11-20T09:30:00.000Z',
        created_timestamp: '2026-11-20T09:30:01.000Z',
        landed_at: null,
        online_at: null,
        revision: 3,
        age_ms: 1_000,
        ttl_ms: 'forever',
        ttl_left_ms: null,
        freshness_objective_ms: null,
        size_bytes: 341,
        written_by: { run_id: '01a1fa9b-0f1c-7c5e-8d6a-2b1f0c9e7a31', chunk_id: null },
        values: { shown_1h: 2, shown_1d: 1_300, bid_1h: null, bid_1d: 0.25 },
        windows: [
          { window: '1h', window_ms: 3_600_000, hop_ms: 300_000, tiles: 0, oldest_tile: null },
          {
            window: '1d',
            window_ms: 86_400_000,
            hop_ms: 7_200_000,
            tiles: 11,
            oldest_tile: '2026-11-19T08:00:00.000Z',
          },
        ],
      },
    ],
    missing: [
      { ref: 'ad_hours@1', view: 'ad_hours', version: 1, reason: 'no_events', detail: 'D.', failure: null },
    ],
  };
  const aggregates = ['shown', 'bid'].map((name) => ({ name, function: 'sum', field: 'x', where: [] }));
  const manifest = {
    project: 'ads',
    feature_views: { 'ad_stats@1': { windowed: { event_source: 'ad_events', windows: [], aggregates } } },
  } as unknown as Manifest;
  let text = '';
  const stream = () => new PassThrough().on('data', (chunk: Buffer) => (text += chunk.toString()));
  const out = createOutput({ json: false, colours: false, columns: 80, stdout: stream(), stderr: stream() });
  printInspection(held, { manifest, runs: new Map() }, out);
  expect(text).toContain('  run     01a1fa9b-0f1c-7c5e-8d6a-2b1f0c9e7a31');
  expect(text).toContain(`
             1h    1d
    shown     2  1300
    bid    null  0.25
    tiles     0    11
    1d: oldest events in the tile from 2026-11-19 08:00:00.000 UTC
`);
  expect(text).toContain('ad_stats@1  PRESENT  newest event 1s ago, 341 bytes');
  expect(text).toContain('ad_hours@1  PRESENT  no events\n  D.');
});
