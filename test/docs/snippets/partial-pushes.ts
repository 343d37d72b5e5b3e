import { entity, f, featureView, project, pushSource } from 'larderjs';

export default project('shop');

export const article = entity('article', { article_id: f.string() });

export const stock = featureView('stock', {
  version: 1,
  entity: article,
  ttl: '1d',
  source: pushSource(),
  schema: { price: f.float64(), pieces: f.int64().safe(), promotion: f.string() },
  partialPush: { default: 'keep', fields: { promotion: 'null' } },
});
