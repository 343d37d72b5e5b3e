// Checked by `tsc -p .`: an assertion that no longer holds, or an error that is no longer one, fails it.
import type {
  OnlineFeaturesAnswer,
  OnlineFeaturesRequest,
  PredictBatchAnswer,
  PredictBatchRequest,
  Problem as AnsweredProblem,
  PushAnswer,
} from '@larder/contracts';
import {
  artifact,
  entity,
  f,
  featureView,
  model,
  onDemandFeatureView,
  pushSource,
  sentiment,
  sqlSource,
  type FeaturesOf,
  type OnlineFeaturesInput,
  type OnlineFeaturesOutput,
  type PredictBatchInput,
  type PredictBatchOutput,
  type Problem,
  type PushInput,
  type PushOutput,
  type PushRow,
} from 'larderjs';
import { expectTypeOf } from 'vitest';

const source = sqlSource({ connection: 'ads', query: 'select * from ads' });
const ad = entity('ad', { ad_id: f.string(), campaign_no: f.int64() });
const adStats = featureView('ad_stats', {
  version: 1,
  entity: ad,
  ttl: '7d',
  source,
  schema: {
    clicks: f.int64(),
    ctr: f.float64().default(0),
    seen_at: f.timestamp(),
    shape: f.vector(2),
    tags: f.json<readonly string[]>(),
  },
});
const user = entity('user', { user_id: f.string() });
const userStats = featureView('user_stats', {
  version: 1,
  entity: user,
  ttl: '1d',
  source,
  schema: { age: f.float32() },
});
const moment = onDemandFeatureView('moment', {
  request: { at: f.timestamp(), bid: f.float64() },
  schema: { hour: f.float32() },
  compute: () => ({ hour: 1 }),
});
const ctr = model('ctr', {
  features: [adStats.pick('ctr'), userStats, moment],
  output: { ctr: f.float32() },
  artifact: artifact('m'),
});
expectTypeOf<FeaturesOf<typeof userStats>>().toEqualTypeOf<{ readonly age: number | null }>();

// Batch: rows are complete, or share what is the same for all
const at = new Date(0);
const row = { entities: { ad_id: 'a', campaign_no: '1', user_id: 'u' }, request: { at, bid: 1 } };
type Batch = PredictBatchInput<typeof ctr>;
const complete: Batch = { rows: [row, row], options: { features: true } };
const sharing: Batch = {
  rows: [{ entities: { ad_id: 'a', campaign_no: 1 } }],
  shared: { entities: { user_id: 'u' }, request: { at: '2026-11-20T09:30:00Z', bid: 1 } },
};
// @ts-expect-error a row without its request, and nothing is shared
export const incomplete: Batch = { rows: [{ entities: row.entities }] };
// @ts-expect-error no such join key
export const misspelt: Batch = { rows: [{ entities: { ad: 'a' } }], shared: row };
// @ts-expect-error a bid is a number
export const mistyped: Batch = { rows: [], shared: { request: { bid: '1' } } };
expectTypeOf<PredictBatchOutput<typeof ctr>['model']>().toEqualTypeOf<string>();
declare const answer: PredictBatchOutput<typeof ctr>;
for (const each of answer.rows)
  if ('error' in each) expectTypeOf(each.error).toEqualTypeOf<Problem>();
  else expectTypeOf(each.outputs).toEqualTypeOf<{ readonly ctr: number }>();

// Push: every feature, null for no value
type Row = PushRow<typeof adStats>;
const pushed: Row = {
  ad_id: 'a',
  campaign_no: 1,
  event_timestamp: at,
  clicks: '12345678901234567890',
  ctr: null,
  seen_at: '2026-11-20T09:30:00Z',
  shape: [1, 2],
  tags: ['new'],
};
export const push: PushInput<typeof adStats> = { rows: [pushed] };
// @ts-expect-error a feature is left out
export const fewer: Row = {
  ad_id: 'a',
  campaign_no: 1,
  event_timestamp: at,
  clicks: 1,
  ctr: 1,
  seen_at: at,
  tags: [],
};
// @ts-expect-error JSON has no Float32Array
export const floats: Row = { ...pushed, shape: Float32Array.of(1, 2) };
// @ts-expect-error no such feature
export const more: Row = { ...pushed, views: 1 };

// Push to a view that computes: the columns of its source, and no features
const comment = entity('comment', { comment_id: f.string() });
const commentSentiment = featureView('comment_sentiment', {
  version: 1,
  entity: comment,
  ttl: '90d',
  source: pushSource({ schema: { text: f.string(), votes: f.int64() } }),
  compute: sentiment({ model: artifact('s') }),
  schema: { sentiment: f.float32() },
});
type Comment = PushRow<typeof commentSentiment>;
const written: Comment = { comment_id: 'c', event_timestamp: at, text: 'fine', votes: '7' };
export const unknownText: Comment = { ...written, text: null };
// @ts-expect-error a column is left out
export const withoutVotes: Comment = { comment_id: 'c', event_timestamp: at, text: 'fine' };
// @ts-expect-error text is a string
export const wrongText: Comment = { ...written, text: 7 };
// @ts-expect-error features are computed, not pushed
export const computed: Comment = { ...written, sentiment: 0.5 };
expectTypeOf<FeaturesOf<typeof commentSentiment>>().toEqualTypeOf<{ readonly sentiment: number | null }>();
const plain = featureView('plain', {
  version: 1,
  entity: comment,
  ttl: '90d',
  source: pushSource(),
  schema: { likes: f.int64() },
});
export const liked: PushRow<typeof plain> = { comment_id: 'c', event_timestamp: at, likes: null };

// Online: references and join keys of the views
type Read = OnlineFeaturesInput<typeof adStats | typeof userStats>;
const read: Read = {
  features: ['ad_stats:clicks', 'ad_stats@1:ctr', 'user_stats'],
  entities: [{ ad_id: 'a', campaign_no: 1, user_id: 'u' }],
};
// @ts-expect-error no such feature
export const unknownFeature: Read = { ...read, features: ['ad_stats:age'] };
// @ts-expect-error a join key is left out
export const unkeyed: Read = { ...read, entities: [{ user_id: 'u' }] };

// The contract of the service: what is sent is taken, what it answers fits
type Plain<Value> = Value extends Date
  ? string
  : Value extends object
    ? { -readonly [K in keyof Value]: Plain<Value[K]> }
    : Value;
expectTypeOf<Plain<typeof complete>>().toExtend<PredictBatchRequest>();
expectTypeOf<Plain<typeof sharing>>().toExtend<PredictBatchRequest>();
expectTypeOf<Plain<typeof read>>().toExtend<OnlineFeaturesRequest>();
expectTypeOf<keyof PredictBatchOutput<typeof ctr>>().toExtend<keyof PredictBatchAnswer>();
expectTypeOf<AnsweredProblem['code']>().toEqualTypeOf<Problem['code']>();
expectTypeOf<keyof Problem>().toEqualTypeOf<keyof AnsweredProblem>();
expectTypeOf<PushAnswer>().toExtend<PushOutput>();
expectTypeOf<keyof OnlineFeaturesOutput>().toEqualTypeOf<keyof OnlineFeaturesAnswer>();
