// Checked by `tsc -p .`: an assertion that no longer holds, or an error that is no longer one, fails it.
import { expectTypeOf } from 'vitest';
import { artifact } from '../artifact/artifact.ts';
import { entity } from './entity.ts';
import { featureView } from './feature-view.ts';
import { f } from './field.ts';
import { model, type FeaturesOf, type PredictInput, type PredictOutput } from './model.ts';
import { onDemandFeatureView } from '../on-demand/on-demand-feature-view.ts';
import { postProcess } from '../post-process/post-process.ts';
import type { Agreeing } from './provider.ts';
import type { PushRow } from '../callers/push.ts';
import { sqlSource } from '@larder/sources';

const source = sqlSource({ connection: 'ads', query: 'select * from ads' });
const files = artifact('models/ad_ctr');
const output = { ctr: f.float32() };

const ad = entity('ad', { ad_id: f.string() });
const campaign = entity('campaign', { account_id: f.int64().safe(), campaign_no: f.int64() });
const adInCampaign = entity('ad_in_campaign', { ad_id: f.string(), campaign_no: f.int64() });

const adStats = featureView('ad_stats', {
  version: 1,
  entity: ad,
  ttl: '7d',
  source,
  schema: {
    impressions: f.int64(),
    clicks_7d: f.int64().safe().default(0),
    ctr_7d: f.float64(),
    shown: f.bool().default(false),
    seen_at: f.timestamp(),
    embedding: f.vector(2).default([0, 0]),
    tags: f.json<readonly string[]>(),
  },
});
const campaignStats = featureView('campaign_stats', {
  version: 1,
  entity: campaign,
  ttl: 'forever',
  source,
  schema: { budget: f.float32() },
});
const placementStats = featureView('placement_stats', {
  version: 2,
  entity: adInCampaign,
  ttl: '1d',
  source,
  schema: { share: f.float32() },
});

// Features: null wherever there is no default
expectTypeOf<FeaturesOf<typeof adStats>>().toEqualTypeOf<{
  readonly impressions: bigint | null;
  readonly clicks_7d: number;
  readonly ctr_7d: number | null;
  readonly shown: boolean;
  readonly seen_at: Date | null;
  readonly embedding: Float32Array;
  readonly tags: readonly string[] | null;
}>();
const picked = adStats.pick('ctr_7d', 'clicks_7d');
expectTypeOf<FeaturesOf<typeof picked>>().toEqualTypeOf<{
  readonly ctr_7d: number | null;
  readonly clicks_7d: number;
}>();
// @ts-expect-error the view has no such feature
adStats.pick('ctr_8d');
// @ts-expect-error a pick has at least one feature
adStats.pick();
// @ts-expect-error a default has the field's type
f.int64().default(0);
// @ts-expect-error a safe int64 is a number
f.int64().safe().default(0n);
// @ts-expect-error a duration has a unit
featureView('v', { version: 1, entity: ad, ttl: '7', source, schema: { a: f.bool() } });
// @ts-expect-error a time is not a join key
entity('moment', { at: f.timestamp() });

// On-demand views: request and features typed by what is given
const moment = onDemandFeatureView('moment', {
  request: { requested_at: f.timestamp() },
  schema: { hour: f.float32() },
  compute: ({ request }) => {
    expectTypeOf(request).toEqualTypeOf<{ readonly requested_at: Date }>();
    return { hour: request.requested_at.getUTCHours() };
  },
});
const offer = onDemandFeatureView('offer', {
  request: { bid: f.float64(), placement: f.string() },
  features: [adStats.pick('ctr_7d', 'impressions'), moment],
  schema: { expected: f.float32().default(0), late: f.bool() },
  compute: ({ request, features }) => {
    expectTypeOf(features.ad_stats.ctr_7d).toEqualTypeOf<number | null>();
    expectTypeOf(features.ad_stats.impressions).toEqualTypeOf<bigint | null>();
    expectTypeOf(features.moment).toEqualTypeOf<{ readonly hour: number | null }>();
    // @ts-expect-error not picked
    void features.ad_stats.clicks_7d;
    // @ts-expect-error null must be handled
    const wrong: number = request.bid * features.ad_stats.ctr_7d;
    void wrong;
    const rate = features.ad_stats.ctr_7d;
    return { expected: rate === null ? null : request.bid * rate, late: (features.moment.hour ?? 0) > 20 };
  },
});
expectTypeOf<FeaturesOf<typeof offer>>().toEqualTypeOf<{
  readonly expected: number;
  readonly late: boolean | null;
}>();
onDemandFeatureView('incomplete', {
  schema: { a: f.bool(), b: f.bool() },
  // @ts-expect-error a feature is left out
  compute: () => ({ a: true }),
});
onDemandFeatureView('mistyped', {
  request: { bid: f.float64() },
  schema: { a: f.string() },
  // @ts-expect-error a number is not a string
  compute: ({ request }) => ({ a: request.bid }),
});

// A model needs the join keys and request fields of its features, and nothing else
const plain = model('plain', { features: [adStats], output, artifact: files });
expectTypeOf<PredictInput<typeof plain>>().toEqualTypeOf<{ readonly entities: { readonly ad_id: string } }>();
expectTypeOf<PredictOutput<typeof plain>>().toEqualTypeOf<{ readonly ctr: number }>();

const twoEntities = model('two_entities', { features: [adStats, campaignStats], output, artifact: files });
expectTypeOf<PredictInput<typeof twoEntities>>().toEqualTypeOf<{
  readonly entities: { readonly ad_id: string; readonly account_id: number; readonly campaign_no: bigint };
}>();

const overlapping = model('overlapping', {
  features: [placementStats, adStats.pick('ctr_7d'), campaignStats],
  output,
  artifact: files,
});
expectTypeOf<PredictInput<typeof overlapping>>().toEqualTypeOf<{
  readonly entities: { readonly ad_id: string; readonly account_id: number; readonly campaign_no: bigint };
}>();

const hybrid = model('hybrid', {
  features: [campaignStats, offer.pick('expected')],
  output,
  artifact: files,
});
type HybridInput = PredictInput<typeof hybrid>;
// ad_id and requested_at come through the views that `offer` reads
expectTypeOf<HybridInput>().toEqualTypeOf<{
  readonly entities: { readonly ad_id: string; readonly account_id: number; readonly campaign_no: bigint };
  readonly request: { readonly requested_at: Date; readonly bid: number; readonly placement: string };
}>();

const requestOnly = model('request_only', { features: [moment], output, artifact: files });
expectTypeOf<PredictInput<typeof requestOnly>>().toEqualTypeOf<{
  readonly entities: {};
  readonly request: { readonly requested_at: Date };
}>();

declare function predict<M extends Parameters<typeof accept>[0]>(
  of: M,
  input: PredictInput<M>,
): PredictOutput<M>;
declare function accept(of: typeof plain | typeof hybrid | typeof twoEntities): void;
predict(plain, { entities: { ad_id: 'ad-1' } });
// @ts-expect-error a join key is missing
predict(twoEntities, { entities: { ad_id: 'ad-1', account_id: 1 } });
// @ts-expect-error int64 is a bigint
predict(twoEntities, { entities: { ad_id: 'ad-1', account_id: 1, campaign_no: 2 } });
// @ts-expect-error a key that no feature needs
predict(plain, { entities: { ad_id: 'ad-1', campaign_no: 2n } });
// @ts-expect-error the model reads no request field
predict(plain, { entities: { ad_id: 'ad-1' }, request: {} });

// One join key or request field with two types is a sentence
const adByNumber = entity('ad_by_number', { ad_id: f.int64() });
const numbered = featureView('numbered', {
  version: 1,
  entity: adByNumber,
  ttl: '1d',
  source,
  schema: { a: f.bool() },
});
// @ts-expect-error Join key 'ad_id' has two types
model('clash', { features: [adStats, numbered], output, artifact: files });
onDemandFeatureView('clash', {
  // @ts-expect-error Join key 'ad_id' has two types
  features: [adStats, numbered],
  schema: { a: f.bool() },
  compute: () => ({ a: true }),
});
expectTypeOf<
  Agreeing<readonly [typeof adStats, typeof numbered]>
>().toEqualTypeOf<"Join key 'ad_id' has two types in the entities of these features; give it one type or two names.">();
const momentInWords = onDemandFeatureView('moment_in_words', {
  request: { requested_at: f.string() },
  schema: { hour: f.float32() },
  compute: () => ({ hour: 0 }),
});
// @ts-expect-error Request field 'requested_at' has two types
model('clash', { features: [moment, momentInWords], output, artifact: files });

// Sensitive fields keep their type, and what else may be said of them
expectTypeOf(f.int64().sensitive('hashed').safe()).toEqualTypeOf(f.int64().safe());
expectTypeOf(f.vector(2).sensitive('omitted').default([0, 0])).toEqualTypeOf(f.vector(2).default([0, 0]));
expectTypeOf(f.json<readonly string[]>().sensitive('hashed')).toEqualTypeOf(f.json<readonly string[]>());
// @ts-expect-error
f.string().sensitive('plain');

// Post-processing: its outputs are the model's, its request fields are asked for too
const verdict = postProcess('verdict', {
  outputs: { ctr: f.float32() },
  request: { floor: f.float64() },
  schema: { shown: f.bool(), reason: f.string(), ctr: f.float64().default(0) },
  compute: ({ outputs, request }) => {
    expectTypeOf(outputs).toEqualTypeOf<{ readonly ctr: number }>();
    expectTypeOf(request).toEqualTypeOf<{ readonly floor: number }>();
    return { shown: outputs.ctr > request.floor, reason: null, ctr: outputs.ctr };
  },
});
const decided = model('decided', { features: [adStats], output, postprocess: verdict, artifact: files });
expectTypeOf<PredictInput<typeof decided>>().toEqualTypeOf<{
  readonly entities: { readonly ad_id: string };
  readonly request: { readonly floor: number };
}>();
expectTypeOf<PredictOutput<typeof decided>>().toEqualTypeOf<{
  readonly shown: boolean | null;
  readonly reason: string | null;
  readonly ctr: number;
}>();
model('unfit', {
  features: [adStats],
  output: { score: f.float32() },
  // @ts-expect-error the model has no output `ctr`
  postprocess: verdict,
  artifact: files,
});
postProcess('untyped', {
  outputs: { ctr: f.float32() },
  schema: { shown: f.bool() },
  // @ts-expect-error another type than the schema's
  compute: () => ({ shown: 'yes' }),
});

// Named inputs: what callers send follows from all of them
const typed = model('typed', {
  inputs: { numbers: [adStats.pick('ctr_7d'), offer], counts: [campaignStats] },
  output,
  artifact: files,
});
expectTypeOf<PredictInput<typeof typed>>().toEqualTypeOf<{
  readonly entities: { readonly ad_id: string; readonly account_id: number; readonly campaign_no: bigint };
  readonly request: { readonly requested_at: Date; readonly bid: number; readonly placement: string };
}>();
model('clash', {
  // @ts-expect-error Join key 'ad_id' has two types
  inputs: { numbers: [adStats], counts: [numbered] },
  output,
  artifact: files,
});
// @ts-expect-error either features or inputs
model('both', { features: [adStats], inputs: { numbers: [adStats] }, output, artifact: files });
// @ts-expect-error one of them
model('neither', { output, artifact: files });

// Partial pushes: what a rule covers may be left out
const stock = featureView('stock', {
  version: 1,
  entity: ad,
  ttl: '7d',
  source,
  schema: { price: f.float64(), pieces: f.int64().safe() },
  partialPush: { default: 'keep', fields: { price: 'refuse' } },
});
const whole: PushRow<typeof stock> = { ad_id: 'a', event_timestamp: new Date(), price: 1, pieces: 2 };
const kept: PushRow<typeof stock> = { ad_id: 'a', event_timestamp: new Date(), price: null };
// @ts-expect-error the price is refused when it is left out
const refused: PushRow<typeof stock> = { ad_id: 'a', event_timestamp: new Date(), pieces: 2 };
// @ts-expect-error of another type
const mistyped: PushRow<typeof stock> = { ad_id: 'a', event_timestamp: new Date(), price: 1, pieces: 'two' };
void [whole, kept, refused, mistyped];
const anything = featureView('anything', {
  version: 1,
  entity: ad,
  ttl: '7d',
  source,
  schema: { price: f.float64() },
  partialPush: 'null',
});
void ({ ad_id: 'a', event_timestamp: new Date() } satisfies PushRow<typeof anything>);
// @ts-expect-error every feature of a view without the option
void ({ ad_id: 'a', event_timestamp: new Date() } satisfies PushRow<typeof campaignStats>);
featureView('misnamed', {
  version: 1,
  entity: ad,
  ttl: '7d',
  source,
  schema: { price: f.float64() },
  // @ts-expect-error the view has no such feature
  partialPush: { fields: { prize: 'keep' } },
});
featureView('misruled', {
  version: 1,
  entity: ad,
  ttl: '7d',
  source,
  schema: { price: f.float64() },
  // @ts-expect-error there is no such rule
  partialPush: 'keeps',
});
