import { defaultChunkRows } from './default-chunk-rows.ts';
import type { Duration } from '@larder/core';
import { brand } from './brand.ts';
import type { ComputeDescriptor } from '../computation/computation.ts';
import type { Fitting } from '../computation/fitting.ts';
import { durationMsOrNaN } from './duration-option.ts';
import type { Entity } from './entity.ts';
import type { Fields, Served, T } from './field.ts';
import type { FittingRule, PartialPush, PushedMembers } from './partial-push.ts';
import { pickFeatures, type PickedFeatures } from './pick.ts';
import type { Provider } from './provider.ts';
import type { SourceDescriptor } from './source.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { Predicting } from '../predictions/precomputed-predictions.ts';
import type { Windowing } from '../windowed/windowed-feature-view.ts';

/** Features of one entity from one source. */
export interface FeatureView<
  out Name extends string = string,
  out Keys = unknown,
  out Gives = unknown,
  out Pushed = Gives,
> extends Provider<Name, Keys, never, Gives> {
  readonly kind: 'feature_view';
  readonly [T]: Provider<Name, Keys, never, Gives>[typeof T] & {
    /** Members of a pushed row beside the join keys: the columns that its source declares for it, or the features. */
    readonly pushed: Pushed;
  };
  readonly name: Name;
  readonly version: number;
  readonly entity: Entity;
  /** As written; Larder uses `ttlMs`. */
  readonly ttl: Duration | 'forever';
  readonly ttlMs: number | 'forever';
  /** As written. */
  readonly schedule: string | Schedule | null;
  /** As written; null means 0. */
  readonly availableAfter: Duration | null;
  readonly availableAfterMs: number;
  readonly chunkRows: number;
  /** As written. */
  readonly whenGone: WhenGone;
  /** As written; Larder uses `retentionMs`. */
  readonly retention: Duration | 'forever';
  readonly retentionMs: number | 'forever';
  /** Freshness objective as written; null: none declared. */
  readonly freshness: Duration | null;
  readonly freshnessMs: number | null;
  /** As written. */
  readonly partialPush: PartialPush;
  readonly source: SourceDescriptor;
  readonly schema: Fields;
  readonly compute: ComputeDescriptor | null;
  /** Of a windowed feature view; null: a plain one. */
  readonly windowed: Windowing | null;
  /** Of a view of precomputed predictions; null: any other. */
  readonly predicts: Predicting | null;
  readonly owner: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Only these features, in this order. */
  pick<const F extends keyof Gives & string>(
    ...features: readonly [F, ...F[]]
  ): PickedFeatures<Name, Keys, never, Pick<Gives, F>>;
}

/**
 * What happens to a key that the source no longer has when a run has read all of it: `keep` serves its newest row on,
 * `expire` ends it. `atMost` is the share of all keys that one run may end without asking.
 */
export type WhenGone = 'keep' | 'expire' | { readonly expire: { readonly atMost: number } };

export interface FeatureViewOptions<
  Keys,
  S extends Fields,
  Row = unknown,
  C extends ComputeDescriptor = ComputeDescriptor,
  Pushed = unknown,
  Rule extends PartialPush = PartialPush,
> {
  /** A whole number from 1; the schema, entity, source and computation of a version never change. */
  readonly version: number;
  readonly entity: Entity<Keys>;
  /** Maximum age of a value when it is read. */
  readonly ttl: Duration | 'forever';
  readonly source: SourceDescriptor<Row, Pushed>;
  readonly schema: S;
  /** The expensive part, run by workers in batches; without it the source's columns are the features. */
  readonly compute?: Fitting<C, Row, S>;
  /** When to materialize new rows: five cron fields in UTC, or an object with a time zone and a policy for missed runs. */
  readonly schedule?: string | Schedule;
  /** How long after its event the source knows a fact, if it has no created timestamp. @default 0 */
  readonly availableAfter?: Duration;
  /** Rows per chunk of a run. @default 2,000 of up to 25 values, fewer of wider rows (at least 500); 32 with `compute` */
  readonly chunkRows?: number;
  /** What happens to keys that the source no longer has. @default 'keep'; `atMost` 0.05 */
  readonly whenGone?: WhenGone;
  /** How long history is kept, by event time; at least the TTL. Partitions that are older are dropped. @default 'forever' */
  readonly retention?: Duration | 'forever';
  /** Freshness objective: the view is stale when nothing newer than this is known. @default none */
  readonly freshness?: Duration;
  /** What a push does with features that a row leaves out. @default 'refuse' */
  readonly partialPush?: Rule & FittingRule<Rule, PushedOf<S, Pushed>>;
  readonly owner?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Defines a feature view. `loadProject` reports its problems, together with all others. */
export function featureView<
  const N extends string,
  Keys,
  S extends Fields,
  Row = unknown,
  C extends ComputeDescriptor = ComputeDescriptor,
  Pushed = unknown,
  const Rule extends PartialPush = 'refuse',
>(
  name: N,
  options: FeatureViewOptions<Keys, S, Row, C, Pushed, Rule>,
): FeatureView<N, Keys, Served<S>, PushedMembers<PushedOf<S, Pushed>, Rule>> {
  return defineView(name, options as FeatureViewOptions<unknown, Fields>) as FeatureView<
    N,
    Keys,
    Served<S>,
    PushedMembers<PushedOf<S, Pushed>, Rule>
  >;
}

type PushedOf<S extends Fields, Pushed> = unknown extends Pushed ? Served<S> : Pushed;

/** A view of any kind: windowed, of predictions, or one whose rows come from its source. */
export function defineView(
  name: string,
  options: FeatureViewOptions<unknown, Fields>,
  { windowed = null, predicts = null }: Partial<Pick<FeatureView, 'windowed' | 'predicts'>> = {},
): FeatureView {
  const compute = options.compute ?? null;
  const view = {
    kind: 'feature_view' as const,
    name,
    version: options.version,
    entity: options.entity,
    ttl: options.ttl,
    ttlMs: options.ttl === 'forever' ? 'forever' : durationMsOrNaN(options.ttl),
    schedule: options.schedule ?? null,
    availableAfter: options.availableAfter ?? null,
    availableAfterMs: options.availableAfter === undefined ? 0 : durationMsOrNaN(options.availableAfter),
    chunkRows: options.chunkRows ?? defaultChunkRows(options.schema, compute),
    whenGone: options.whenGone ?? 'keep',
    retention: options.retention ?? 'forever',
    retentionMs:
      options.retention === undefined || options.retention === 'forever'
        ? 'forever'
        : durationMsOrNaN(options.retention),
    freshness: options.freshness ?? null,
    freshnessMs: options.freshness === undefined ? null : durationMsOrNaN(options.freshness),
    partialPush: options.partialPush ?? 'refuse',
    source: options.source,
    schema: options.schema,
    compute,
    windowed,
    predicts,
    owner: options.owner ?? null,
    tags: options.tags ?? {},
  };
  Object.defineProperty(view, 'pick', {
    value: (...features: string[]) => pickFeatures(view as unknown as FeatureView, features),
  });
  return brand(view) as unknown as FeatureView;
}
