// Checked by `tsc -p .`: an assertion that no longer holds, or an error that is no longer one, fails it.
import { expectTypeOf } from 'vitest';
import { artifact } from '../artifact/artifact.ts';
import { entity } from '../definition/entity.ts';
import { featureView } from '../definition/feature-view.ts';
import { f } from '../definition/field.ts';
import { model, type FeaturesOf, type PredictInput } from '../definition/model.ts';
import type { SourceDescriptor } from '../definition/source.ts';
import { onDemandFeatureView } from '../on-demand/on-demand-feature-view.ts';
import { postProcess } from '../post-process/post-process.ts';
import { precomputedPredictions } from './precomputed-predictions.ts';
import { runTime } from './run-time.ts';

declare const source: SourceDescriptor;
const ad = entity('ad', { ad_id: f.string() });
const adImage = featureView('ad_image', {
  version: 1,
  entity: ad,
  ttl: '7d',
  source,
  schema: { light: f.float32() },
});
const moment = onDemandFeatureView('moment', {
  request: { requested_at: f.timestamp(), placement: f.string(), bid: f.float64() },
  schema: { hour: f.float32() },
  compute: () => ({ hour: 0 }),
});
const adCtr = model('ad_ctr', {
  features: [adImage, moment],
  output: { ctr: f.float32() },
  artifact: artifact('models/ad_ctr'),
});

const common = { version: 1, model: adCtr, ttl: '36h' } as const;
const scores = precomputedPredictions('ad_scores', {
  ...common,
  request: { placement: 'feed', bid: 0.5, requested_at: runTime() },
});
expectTypeOf<FeaturesOf<typeof scores>>().toEqualTypeOf<{
  readonly ctr: number | null;
  readonly model_version: number | null;
}>();
const picked = model('top_ads', {
  features: [scores.pick('ctr')],
  output: { rank: f.float32() },
  artifact: artifact('models/top_ads'),
});
expectTypeOf<PredictInput<typeof picked>>().toEqualTypeOf<{
  readonly entities: { readonly ad_id: string };
}>();
precomputedPredictions('ad_scores', {
  ...common,
  request: { placement: 'feed', bid: 0.5, requested_at: new Date(0) },
});
// @ts-expect-error placement is missing
precomputedPredictions('ad_scores', { ...common, request: { bid: 0.5, requested_at: runTime() } });
precomputedPredictions('ad_scores', {
  ...common,
  // @ts-expect-error colour is not a request field
  request: { placement: 'feed', bid: 0.5, requested_at: runTime(), colour: 'red' },
});
precomputedPredictions('ad_scores', {
  ...common,
  // @ts-expect-error only instants are the run's
  request: { placement: runTime(), bid: 0.5, requested_at: runTime() },
});
precomputedPredictions('ad_scores', {
  ...common,
  // @ts-expect-error a constant, the same for all entities
  request: { placement: () => 'feed', bid: 0.5, requested_at: runTime() },
});
// @ts-expect-error the request is missing
precomputedPredictions('ad_scores', common);

const decided = model('ad_decided', {
  features: [adImage],
  output: { logit: f.float32() },
  postprocess: postProcess('decision', {
    outputs: { logit: f.float32() },
    schema: { ctr: f.float32(), reason: f.string() },
    compute: () => ({ ctr: 0, reason: '' }),
  }),
  artifact: artifact('models/ad_decided'),
});
const decisions = precomputedPredictions('ad_decisions', { version: 1, model: decided, ttl: 'forever' });
expectTypeOf<FeaturesOf<typeof decisions>>().toEqualTypeOf<{
  readonly ctr: number | null;
  readonly reason: string | null;
  readonly model_version: number | null;
}>();
