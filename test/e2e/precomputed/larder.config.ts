import {
  artifact,
  entity,
  f,
  featureView,
  model,
  onDemandFeatureView,
  precomputedPredictions,
  project,
  runTime,
} from '@larder/features';
import { sqlSource } from '@larder/sources';

export default project('scored');

export const ad = entity('ad', { ad_id: f.string() });

const table = (name: string) => sqlSource({ connection: 'shop', query: `select * from ${name}` });

export const adImage = featureView('ad_image', {
  version: 1,
  entity: ad,
  ttl: '7d',
  source: table('images'),
  schema: { embedding: f.vector(2), clicks: f.float32().default(0.5) },
});

/** Has a feature of the same name. */
export const adStats = featureView('ad_stats', {
  version: 1,
  entity: ad,
  ttl: '1h',
  source: table('stats'),
  schema: { clicks: f.int64(), seen: f.float32() },
});

export const offer = onDemandFeatureView('offer', {
  request: { requested_at: f.timestamp(), placement: f.string(), bid: f.float64() },
  features: [adStats.pick('clicks')],
  schema: { minute: f.float32(), in_feed: f.bool(), worth: f.float32() },
  compute: ({ request, features }) => ({
    minute: request.requested_at.getUTCMinutes() / 60,
    in_feed: request.placement === 'feed',
    worth: request.bid * Math.log1p(Number(features.ad_stats.clicks ?? 0)),
  }),
});

export const adCtr = model('ad_ctr', {
  features: [adImage, adStats.pick('seen'), offer],
  output: { ctr: f.float32() },
  artifact: artifact('models/ad_ctr'),
  deadline: '10s',
});

export const adScores = precomputedPredictions('ad_scores', {
  version: 1,
  model: adCtr,
  ttl: '36h',
  request: { requested_at: runTime(), placement: 'feed', bid: 0.5 },
});
