import {
  approximateDistinct,
  count,
  entity,
  eventSource,
  f,
  max,
  mean,
  project,
  sum,
  windowedFeatureView,
} from '@larder/features';

const ad = entity('ad', { ad_id: f.string() });

const adEvents = eventSource('ad_events', {
  schema: { ad_id: f.string(), kind: f.string(), bid: f.float64(), visitor: f.string() },
});

/** 4 windows × 5 aggregates. */
export const adStats = windowedFeatureView('ad_stats', {
  version: 1,
  entity: ad,
  source: adEvents,
  windows: ['1h', '1d', '7d', '30d'],
  aggregates: {
    clicks: count({ where: { kind: 'click' } }),
    spent: sum('bid'),
    bid: mean('bid'),
    top: max('bid'),
    visitors: approximateDistinct('visitor'),
  },
});

export default project('bench');
