import { sentiment } from '@larder/extractors';
import {
  approximateDistinct,
  artifact,
  count,
  entity,
  eventSource,
  f,
  featureView,
  mean,
  model,
  postProcess,
  project,
  sum,
  windowedFeatureView,
} from '@larder/features';
import { pushSource } from '@larder/sources';

export default project('comments');

export const comment = entity('comment', { comment_id: f.string() });
export const author = entity('author', { author_id: f.string() });
/** No join keys: its features are those of the whole website. */
export const website = entity('website', {});

/** Expensive, and wanted at once: workers compute it when a comment is pushed, ahead of backfills. */
export const commentSentiment = featureView('comment_sentiment', {
  version: 1,
  entity: comment,
  ttl: '90d',
  source: pushSource({ schema: { text: f.string() } }),
  compute: sentiment({ model: artifact('models/sentiment') }),
  schema: { sentiment: f.float32(), positive: f.float32() },
});

/** What happened: a comment was written (with the sentiment that was computed for it), or voted on. */
export const activity = eventSource('activity', {
  schema: {
    author_id: f.string(),
    kind: f.string(),
    post_id: f.string(),
    sentiment: f.float64(),
    votes: f.float64(),
  },
  retention: '90d',
});

/** The last day and the last seven, exact at the moment of each request. */
export const authorActivity = windowedFeatureView('author_activity', {
  version: 1,
  entity: author,
  source: activity,
  windows: ['1d', '7d'],
  aggregates: {
    comments: count({ where: { kind: 'comment' } }),
    posts: approximateDistinct('post_id', { where: { kind: 'comment' } }),
    sentiment: mean('sentiment'),
    votes: sum('votes'),
  },
});

/** The mood of the day, pushed by the website; neutral until it is. */
export const websiteMood = featureView('website_mood', {
  version: 1,
  entity: website,
  ttl: '2d',
  source: pushSource(),
  schema: { mood: f.float32().default(0) },
});

/** What the website does with a score: a part of the model version, so it is logged and rolled back with it. */
export const verdict = postProcess('verdict', {
  outputs: { score: f.float32() },
  schema: { score: f.float32(), shown: f.bool(), reason: f.string() },
  compute: ({ outputs: { score } }) =>
    score < 0.2
      ? { score, shown: false, reason: 'few readers would like it' }
      : {
          score,
          shown: true,
          reason: score < 0.5 ? 'some readers would like it' : 'most readers would like it',
        },
});

/** Ranks the comments of a post: `predict-batch` with one row for each comment. Its artifact has two inputs. */
export const commentRank = model('comment_rank', {
  inputs: {
    // float32
    tone: [commentSentiment.pick('sentiment'), authorActivity.pick('sentiment_7d'), websiteMood],
    // float64
    counts: [authorActivity.pick('comments_7d', 'votes_7d')],
  },
  output: { score: f.float32() },
  postprocess: verdict,
  missing: 0,
  artifact: artifact('models/comment_rank'),
});
