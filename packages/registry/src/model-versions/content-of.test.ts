import { parseManifest } from '@larder/features';
import { expect, test } from 'vitest';
import { adCtr, adImage, hash, manifest, withModel, withView } from '../testing/registry.ts';
import { differingParts, meaningIn } from '../plan/model-meaning.ts';
import { contentOf } from './content-of.ts';

const bundles = { moment: hash('moment bundle'), offer: hash('offer bundle'), other: hash('other') };

test('a content holds exactly what its model reads, also through on-demand views', () => {
  const whole = withModel(withView(manifest('shop'), { ...adImage, version: 2 }), {
    ...adCtr,
    name: 'other',
  });
  const content = contentOf(whole, 'ad_ctr', bundles);
  expect(Object.keys(content.manifest.feature_views)).toEqual(['ad_image@1']);
  expect(Object.keys(content.manifest.on_demand_feature_views)).toEqual(['moment', 'offer']);
  expect(Object.keys(content.manifest.models)).toEqual(['ad_ctr']);
  expect(content.bundles).toEqual({ moment: bundles.moment, offer: bundles.offer });
  expect(parseManifest(content.manifest)).toEqual(content.manifest);
});

test('a content without views has no entities and no connections', () => {
  const whole = withModel(manifest('shop'), {
    ...adCtr,
    inputs: [{ view: 'moment', version: null, features: ['hour_sin'] }],
  });
  expect(contentOf(whole, 'ad_ctr', bundles).manifest).toMatchObject({
    entities: {},
    connections: [],
    feature_views: {},
    on_demand_feature_views: { moment: {} },
  });
});

test('a content holds the event sources of its windowed views, and no others', () => {
  const source = (name: string) => ({
    name,
    schema: [{ name: 'ad_id', type: 'string' as const }],
    retention_ms: 'forever' as const,
    backfill: null,
    fingerprint: hash(name),
  });
  const event_sources = { ad_events: source('ad_events'), visits: source('visits') };
  const windows = [{ name: '1h', window_ms: 3_600_000, hop_ms: 300_000 }];
  const aggregates = [{ name: 'shown', function: 'count' as const, field: null, where: [] }];
  const windowed = withView(
    { ...manifest('shop'), event_sources },
    { ...adImage, windowed: { event_source: 'ad_events', windows, aggregates } },
  );
  expect(contentOf(windowed, 'ad_ctr', bundles).manifest.event_sources).toEqual({
    ad_events: source('ad_events'),
  });
  const plain = contentOf({ ...manifest('shop'), event_sources }, 'ad_ctr', bundles).manifest;
  expect(plain).toEqual(contentOf(manifest('shop'), 'ad_ctr', bundles).manifest);
});

test('a window of a view that changed in place makes another version of the models that read it', () => {
  const aggregates = [{ name: 'shown', function: 'count' as const, field: null, where: [] }];
  const by = (hop_ms: number) =>
    withView(manifest('shop'), {
      ...adImage,
      windowed: {
        event_source: 'ad_events',
        windows: [{ name: '1h', window_ms: 3_600_000, hop_ms }],
        aggregates,
      },
    });
  expect(differingParts(meaningIn(by(300_000), 'ad_ctr'), meaningIn(by(300_000), 'ad_ctr'))).toEqual([]);
  expect(differingParts(meaningIn(by(300_000), 'ad_ctr'), meaningIn(by(600_000), 'ad_ctr'))).toEqual([
    'view ad_image@1',
  ]);
});
