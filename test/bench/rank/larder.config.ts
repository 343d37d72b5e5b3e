import { artifact, entity, f, featureView, model, onDemandFeatureView, project } from '@larder/features';
import { sqlSource } from '@larder/sources';

// A user for whom ads are ranked: features of both, of the request, of the user alone and of the pair.
const ad = entity('ad', { ad_id: f.string() });
const user = entity('user', { user_id: f.string() });
const source = sqlSource({ connection: 'none', query: 'select 1' });

const adImage = featureView('ad_image', {
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

const adStats = featureView('ad_stats', {
  version: 1,
  entity: ad,
  ttl: '7d',
  source,
  schema: { impressions: f.float32(), clicks: f.float32(), ctr: f.float32() },
});

const userProfile = featureView('user_profile', {
  version: 1,
  entity: user,
  ttl: '30d',
  source,
  schema: { taste: f.vector(512), age: f.float32(), spend: f.float32(), sessions: f.float32() },
});

const moment = onDemandFeatureView('moment', {
  request: { requested_at: f.timestamp() },
  schema: { hour_sin: f.float32(), hour_cos: f.float32() },
  compute: ({ request }) => {
    const angle =
      (2 * Math.PI * (request.requested_at.getUTCHours() + request.requested_at.getUTCMinutes() / 60)) / 24;
    return { hour_sin: Math.sin(angle), hour_cos: Math.cos(angle) };
  },
});

const mood = onDemandFeatureView('mood', {
  request: { placement: f.string() },
  features: [userProfile.pick('spend', 'sessions')],
  schema: { per_session: f.float32(), in_feed: f.bool() },
  compute: ({ request, features: { user_profile: profile } }) => ({
    per_session: (profile.spend ?? 0) / ((profile.sessions ?? 0) + 1),
    in_feed: request.placement === 'feed',
  }),
});

const match = onDemandFeatureView('match', {
  features: [userProfile.pick('age'), adStats.pick('ctr', 'clicks'), mood.pick('per_session')],
  schema: { appeal: f.float32(), worth: f.float32() },
  compute: ({ features: { user_profile: profile, ad_stats: stats, mood: moods } }) => ({
    appeal: (stats.ctr ?? 0) * (profile.age ?? 0),
    worth: (stats.clicks ?? 0) * (moods.per_session ?? 0),
  }),
});

export const adRank = model('ad_rank', {
  features: [userProfile, adImage, adStats, moment, mood, match],
  output: { rank: f.float32() },
  artifact: artifact('models/ad_rank'),
});

export default project('bench');
