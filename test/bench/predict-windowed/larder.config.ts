import {
  approximateDistinct,
  artifact,
  count,
  entity,
  eventSource,
  f,
  featureView,
  last,
  max,
  mean,
  model,
  project,
  windowedFeatureView,
} from '@larder/features';
import { sqlSource } from '@larder/sources';

const ad = entity('ad', { ad_id: f.string() });

export const adEvents = eventSource('ad_events', {
  schema: { ad_id: f.string(), bid: f.float64(), user_id: f.string() },
});

/** 4 windows of 5 aggregates. */
export const adWindows = windowedFeatureView('ad_windows', {
  version: 1,
  entity: ad,
  source: adEvents,
  windows: ['1h', '1d', '7d', '30d'],
  aggregates: {
    shown: count(),
    bid: mean('bid'),
    top: max('bid'),
    last_bid: last('bid'),
    users: approximateDistinct('user_id'),
  },
});

const number = f.float64();

/** The same twenty features, stored as values. */
export const adValues = featureView('ad_values', {
  version: 1,
  entity: ad,
  ttl: 'forever',
  source: sqlSource({ connection: 'none', query: 'select 1' }),
  schema: {
    shown_1h: number,
    shown_1d: number,
    shown_7d: number,
    shown_30d: number,
    bid_1h: number,
    bid_1d: number,
    bid_7d: number,
    bid_30d: number,
    top_1h: number,
    top_1d: number,
    top_7d: number,
    top_30d: number,
    last_bid_1h: number,
    last_bid_1d: number,
    last_bid_7d: number,
    last_bid_30d: number,
    users_1h: number,
    users_1d: number,
    users_7d: number,
    users_30d: number,
  },
});

export const windowed = model('windowed', {
  features: [adWindows],
  output: { score: f.float32() },
  artifact: artifact('models/windowed'),
  missing: 0,
});

export const plain = model('plain', {
  features: [adValues],
  output: { score: f.float32() },
  artifact: artifact('models/plain'),
  missing: 0,
});

export { ad };
export default project('bench');
