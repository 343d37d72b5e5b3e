import { artifact, entity, f, featureView, model, project } from '@larder/features';
import { sqlSource } from '@larder/sources';

export const NUMBERS = 24;
export const VECTOR = 8;

const ad = entity('ad', { ad_id: f.string() });

export const adNumbers = featureView('ad_numbers', {
  version: 1,
  entity: ad,
  ttl: 'forever',
  source: sqlSource({ connection: 'none', query: 'select 1' }),
  schema: {
    ...Object.fromEntries(Array.from({ length: NUMBERS }, (_, i) => [`n${i}`, f.float32()])),
    embedding: f.vector(VECTOR),
  },
});

export const adCtr = model('ad_ctr', {
  features: [adNumbers],
  output: { ctr: f.float32() },
  artifact: artifact('models/ad_ctr'),
});

export { ad };
export default project('bench');
