import { entity, f, featureView, fromViews, project, sqlSource } from 'larderjs';

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
