import { parseManifest } from '@larder/features';
import { expect, test } from 'vitest';
import { adCtr, adImage, hash, manifest, withModel, withView } from '../testing/registry.ts';
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
