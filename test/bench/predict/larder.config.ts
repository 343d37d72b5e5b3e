import { artifact, entity, f, featureView, model, onDemandFeatureView, project } from '@larder/features';
import { sqlSource } from '@larder/sources';

// The shape of examples/ads: an embedding and statistics from the store, the moment from the request.
const ad = entity('ad', { ad_id: f.string() });
const source = sqlSource({ connection: 'none', query: 'select 1' });

export const adImage = featureView('ad_image', {
  version: 1,
  entity: ad,
  ttl: 'forever',
  source,
  schema: {
    embedding: f.vector(512),
    brightness: f.float32().default(0.5),
    colourfulness: f.float32().default(0),
  },
});

export const adStats = featureView('ad_stats', {
  version: 1,
  entity: ad,
  ttl: '7d',
  source,
  schema: { impressions: f.float32(), clicks: f.float32(), ctr: f.float32() },
});

export const moment = onDemandFeatureView('moment', {
  request: { requested_at: f.timestamp() },
  schema: { hour_sin: f.float32(), hour_cos: f.float32() },
  compute: ({ request }) => {
    const angle =
      (2 * Math.PI * (request.requested_at.getUTCHours() + request.requested_at.getUTCMinutes() / 60)) / 24;
    return { hour_sin: Math.sin(angle), hour_cos: Math.cos(angle) };
  },
});

export const adCtr = model('ad_ctr', {
  features: [adImage, adStats, moment],
  output: { ctr: f.float32() },
  artifact: artifact('models/ad_ctr'),
});

export { ad };
export default project('bench');
