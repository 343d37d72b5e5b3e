// Checked by `tsc -p .`: an assertion that no longer holds, or an error that is no longer one, fails it.
import { expectTypeOf } from 'vitest';
import { artifact } from '../artifact/artifact.ts';
import { entity } from '../definition/entity.ts';
import { f } from '../definition/field.ts';
import { model, type FeaturesOf, type PredictInput } from '../definition/model.ts';
import { approximateDistinct, count, last, max, mean, min, sum } from './aggregate.ts';
import { eventSource } from './event-source.ts';
import { windowedFeatureView } from './windowed-feature-view.ts';

const ad = entity('ad', { ad_id: f.string() });
const adEvents = eventSource('ad_events', {
  schema: {
    ad_id: f.string(),
    kind: f.string(),
    bid: f.float64(),
    clicks: f.int64(),
    won: f.bool(),
    user_id: f.string(),
    shown_at: f.timestamp(),
  },
  retention: '400d',
});

const adStats = windowedFeatureView('ad_stats', {
  version: 1,
  entity: ad,
  source: adEvents,
  windows: ['1h', '1d', { window: '7d', hop: '1d' }],
  aggregates: {
    shown: count({ where: { kind: 'impression' } }),
    clicks_total: sum('clicks', { where: { kind: ['click', 'tap'], bid: { gte: 0.5, lt: 9 }, won: true } }),
    bid: mean('bid', { where: { clicks: { gt: 0n }, shown_at: { gte: new Date(0) } } }),
    top: max('bid'),
    low: min('clicks'),
    last_bid: last('bid'),
    users: approximateDistinct('user_id'),
  },
});
expectTypeOf<FeaturesOf<typeof adStats>['clicks_total_7d']>().toEqualTypeOf<number>();
const some = adStats.pick('shown_1h', 'bid_1d', 'users_7d', 'top_1h', 'low_1h', 'last_bid_1h');
expectTypeOf<FeaturesOf<typeof some>>().toEqualTypeOf<{
  readonly shown_1h: number;
  readonly bid_1d: number | null;
  readonly users_7d: number;
  readonly top_1h: number | null;
  readonly low_1h: number | null;
  readonly last_bid_1h: number | null;
}>();
// @ts-expect-error the view has no such window
adStats.pick('shown_2h');
// @ts-expect-error the view has no such aggregate
adStats.pick('clicks_1h');

const ctr = model('ctr', {
  features: [adStats],
  output: { ctr: f.float32() },
  artifact: artifact('models/ctr'),
});
expectTypeOf<PredictInput<typeof ctr>>().toEqualTypeOf<{ readonly entities: { readonly ad_id: string } }>();

const options = { version: 1, entity: ad, source: adEvents, windows: ['1h'] } as const;
windowedFeatureView('v', { ...options, aggregates: { n: count() } });
// @ts-expect-error events have no such field
windowedFeatureView('v', { ...options, aggregates: { n: sum('click') } });
// @ts-expect-error text has no sum
windowedFeatureView('v', { ...options, aggregates: { n: sum('user_id') } });
// @ts-expect-error times are not counted as values
windowedFeatureView('v', { ...options, aggregates: { n: approximateDistinct('shown_at') } });
// @ts-expect-error events have no such field to filter by
windowedFeatureView('v', { ...options, aggregates: { n: count({ where: { knd: 'click' } }) } });
// @ts-expect-error the field is text
windowedFeatureView('v', { ...options, aggregates: { n: count({ where: { kind: 1 } }) } });
// @ts-expect-error text has no limits
windowedFeatureView('v', { ...options, aggregates: { n: count({ where: { kind: { gte: 'a' } } }) } });
// @ts-expect-error a duration has a unit
windowedFeatureView('v', { ...options, windows: ['7'], aggregates: { n: count() } });
// @ts-expect-error at least one window
windowedFeatureView('v', { ...options, windows: [], aggregates: { n: count() } });

const campaign = entity('campaign', { campaign_no: f.int64() });
const adByNumber = entity('ad_by_number', { ad_id: f.int64() });
// @ts-expect-error events have no campaign
windowedFeatureView('v', { ...options, entity: campaign, aggregates: { n: count() } });
// @ts-expect-error the events' ad_id is text
windowedFeatureView('v', { ...options, entity: adByNumber, aggregates: { n: count() } });
