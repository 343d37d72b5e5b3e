// Checked by `tsc -p .`: an assertion that no longer holds, or an error that is no longer one, fails it.
import { entity, f, featureView, onDemandFeatureView, type RowOf } from '@larder/features';
import { expectTypeOf } from 'vitest';
import { sqlSource } from '../index.ts';
import { fromViews } from './definition.ts';

const ad = entity('ad', { ad_id: f.string() });
const source = sqlSource({ connection: 'ads', query: 'select * from ads' });
const adImage = featureView('ad_image', {
  version: 1,
  entity: ad,
  ttl: '7d',
  source,
  schema: { embedding: f.vector(2), brightness: f.float32().default(0.5) },
});
const adText = featureView('ad_text', {
  version: 1,
  entity: ad,
  ttl: '7d',
  source,
  schema: { words: f.int64() },
});

const parents = fromViews([adImage.pick('brightness'), adText]);
expectTypeOf<
  Pick<RowOf<typeof parents>, 'ad_id' | 'brightness' | 'words' | 'event_timestamp'>
>().toEqualTypeOf<{
  readonly ad_id: string;
  readonly brightness: number;
  readonly words: bigint | null;
  readonly event_timestamp: Date;
}>();
// @ts-expect-error -- not picked
expectTypeOf<RowOf<typeof parents>>().toHaveProperty('embedding');

const moment = onDemandFeatureView('moment', {
  request: { hour: f.int64() },
  schema: { hour_sin: f.float32() },
  compute: () => ({ hour_sin: 0 }),
});
// @ts-expect-error -- a value that needs a request is not in history
fromViews([moment]);
