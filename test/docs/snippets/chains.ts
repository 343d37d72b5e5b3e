import {
  count,
  entity,
  eventSource,
  f,
  featureView,
  fromViews,
  project,
  sqlSource,
  windowedFeatureView,
} from 'larderjs';

export default project('shop');

export const ad = entity('ad', { ad_id: f.string() });

export const adText = featureView('ad_text', {
  version: 1,
  entity: ad,
  ttl: 'forever',
  schedule: '0 4 * * *',
  source: sqlSource({
    connection: 'shop',
    query: 'select ad_id, words, updated_at as event_timestamp from ads',
  }),
  schema: { words: f.float32() },
});

export const adPrice = featureView('ad_price', {
  version: 1,
  entity: ad,
  ttl: 'forever',
  source: sqlSource({
    connection: 'shop',
    query: 'select ad_id, price, updated_at as event_timestamp from prices',
  }),
  schema: { price: f.float32() },
});

export const adOffer = featureView('ad_offer', {
  version: 1,
  entity: ad,
  ttl: 'forever',
  source: fromViews([adText, adPrice.pick('price')]),
  schema: { words: f.float32(), price: f.float32() },
});

export const adEvents = eventSource('ad_events', { schema: { ad_id: f.string() } });

export const adStats = windowedFeatureView('ad_stats', {
  version: 1,
  entity: ad,
  source: adEvents,
  windows: ['1d'],
  aggregates: { clicks: count() },
});

export const adPulse = featureView('ad_pulse', {
  version: 1,
  entity: ad,
  ttl: '2d',
  schedule: '0 4 * * *',
  source: fromViews([adText, adStats.pick('clicks_1d')], { require: 'any' }),
  schema: { words: f.float32(), clicks_1d: f.float64() },
});
