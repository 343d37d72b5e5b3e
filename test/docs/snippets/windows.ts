import {
  approximateDistinct,
  count,
  entity,
  eventSource,
  f,
  last,
  mean,
  project,
  sqlSource,
  sum,
  windowedFeatureView,
} from 'larderjs';

export default project('shop');

export const ad = entity('ad', { ad_id: f.string() });

export const adEvents = eventSource('ad_events', {
  schema: { ad_id: f.string(), kind: f.string(), bid: f.float64(), visitor_id: f.string() },
  retention: '400d',
  backfill: sqlSource({
    connection: 'shop',
    query: 'select event_id, event_timestamp, ad_id, kind, bid, visitor_id from ad_log',
  }),
});

export const adStats = windowedFeatureView('ad_stats', {
  version: 1,
  entity: ad,
  source: adEvents,
  windows: ['1h', '1d', { window: '7d', hop: '1d' }],
  aggregates: {
    clicks: count({ where: { kind: 'click' } }),
    spent: sum('bid', { where: { kind: ['click', 'view'], bid: { gt: 0 } } }),
    bid: mean('bid'),
    last_bid: last('bid'),
    visitors: approximateDistinct('visitor_id'),
  },
});
