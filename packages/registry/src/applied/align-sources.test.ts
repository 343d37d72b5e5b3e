import { viewFingerprint } from '@larder/features';
import { expect, test } from 'vitest';
import { adImage, adSource, manifest, withView } from '../testing/registry.ts';
import { alignSources } from './align-sources.ts';

const recorded = manifest('shop');
const edited = (query: string) => {
  const source = { ...adSource, query };
  const entity = recorded.entities['ad'];
  if (entity === undefined) throw new Error('The fixture has an entity ad.');
  return withView(recorded, {
    ...adImage,
    source,
    fingerprint: viewFingerprint(entity, { ...adImage, source }),
  });
};

test('a query that only looks different keeps the source and the fingerprint on record', () => {
  const formatted = edited(
    '-- of today\nSELECT ad_id, image_url,\n  updated_at AS event_timestamp\nFROM ads',
  );
  const same = edited(String(adSource['query']));
  expect(formatted.feature_views).not.toEqual(same.feature_views);
  expect(alignSources(same, formatted).feature_views['ad_image@1']).toEqual(same.feature_views['ad_image@1']);
});

test('another query, another kind and the first apply stay as they are', () => {
  const other = edited('select ad_id, thumbnail_url as image_url, updated_at as event_timestamp from ads');
  expect(alignSources(recorded, other)).toEqual(other);
  expect(alignSources(null, other)).toEqual(other);
  const folder = withView(recorded, { ...adImage, source: { ...adSource, kind: 'folder' } });
  expect(alignSources(recorded, folder)).toEqual(folder);
});
