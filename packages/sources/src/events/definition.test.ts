import { count, entity, eventSource, f, windowedFeatureView } from '@larder/features';
import { expect, test } from 'vitest';
import { createSources } from '../create-sources.ts';
import { eventsManifest } from './definition.ts';

const clicks = eventSource('clicks', { schema: { ad_id: f.string() } });
const { source } = windowedFeatureView('ad_hours', {
  version: 1,
  entity: entity('ad', { ad_id: f.string() }),
  source: clicks,
  windows: ['1h'],
  aggregates: { clicks: count() },
});

test('knows the source of a windowed view, whose rows are not read', async () => {
  expect(eventsManifest.parse(source.manifest)).toEqual(source.manifest);
  const view = { source: source.manifest, schema: [], compute: null };
  const ad = { name: 'ad', join_keys: [{ name: 'ad_id', type: 'string' as const }] };
  const { signal } = new AbortController();
  const opened = await createSources({ root: '.', connections: {}, maxConnections: 1 }).open(view, ad);
  expect(await opened.check(signal)).toEqual({ status: 'ok', detail: 'follows the events of clicks' });
  await expect(opened.lookup([['a']], signal)).rejects.toMatchObject({
    code: 'BACKFILL_NOT_SUPPORTED',
    message: expect.stringContaining("the events of 'clicks'"),
  });
});
