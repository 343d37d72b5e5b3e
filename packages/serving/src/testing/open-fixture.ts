import { randomBytes } from 'node:crypto';
import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadProject, type FieldValue, type LoadedProject } from '@larder/features';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { writeTypedArtifact } from './typed-artifact.ts';
import { compileRowCodec, entityKey, type OnlineStore } from '@larder/online-store';

const FIXTURE = resolve(import.meta.dirname, '../../fixtures/ads');

/** Weights of `ad_ctr`, one per column; the oracle of the tests. */
export const AD_CTR_WEIGHTS = [0.5, -0.25, 0.125, 1, 0.75, 2, 0.3, -0.4, 0.01, 0.2, 3, 0.6, -0.1] as const;
/** The models' defaults for missing values. */
export const IMPUTED = 0.25;

const ARTIFACTS = {
  ad_ctr: {
    features: [
      'ad_image:embedding',
      'ad_image:brightness',
      'ad_stats:ctr',
      'moment:hour_sin',
      'moment:hour_cos',
      'shopper_profile:age',
      'shopper_profile:premium',
      'offer:smoothed',
      'offer:in_feed',
      'offer:at_noon',
    ],
    weights: AD_CTR_WEIGHTS,
    output: 'ctr',
  },
  ad_brightness: { features: ['ad_image:brightness'], weights: [1], output: 'score' },
  ad_world: {
    features: ['market:mood', 'ad_image:brightness', 'shopper_profile:age', 'seen:times'],
    weights: [1, 2, 0.01, 0.5],
    output: 'score',
  },
  ad_rank: {
    features: [
      'ad_image:brightness',
      'shopper_profile:age',
      'shopper_profile:premium',
      'spender:budget',
      'spender:careful',
      'fit:appeal',
    ],
    weights: [1, 0.01, 0.5, -0.01, 0.25, 2],
    output: 'rank',
  },
  fragile_model: { features: ['fragile:level'], weights: [0.1], output: 'score' },
} as const;

export type FixtureConfig = 'larder.config.ts' | 'kinds.config.ts';

/**
 * Copies the fixture project into a folder of this repository and builds its models with the real builder.
 * @param config `kinds.config.ts` has more kinds of models and features
 */
export async function openFixture(
  folder: string,
  config: FixtureConfig = 'larder.config.ts',
): Promise<LoadedProject> {
  const root = join(folder, `project-${randomBytes(4).toString('hex')}`);
  await mkdir(root, { recursive: true });
  await cp(FIXTURE, root, { recursive: true });
  for (const [name, artifact] of Object.entries(ARTIFACTS))
    await writeLogisticArtifact(join(root, 'models', name), { ...artifact, imputed: IMPUTED });
  await writeTypedArtifact(join(root, 'models/ad_typed'));
  return loadProject(join(root, config));
}

export interface FixtureRow {
  /** `ad_image@1` */
  readonly ref: string;
  readonly keys: Readonly<Record<string, FieldValue>>;
  readonly values: Readonly<Record<string, FieldValue>>;
  /** @default now */
  readonly eventTimestampMs?: number;
  readonly revision?: number;
}

/** Writes rows to the online store, as landing does. */
export async function putRows(
  onlineStore: OnlineStore,
  project: LoadedProject,
  rows: readonly FixtureRow[],
): Promise<void> {
  const { feature_views: views, entities } = project.manifest;
  const outcomes = await onlineStore.write(
    rows.map(({ ref, keys, values, eventTimestampMs = Date.now(), revision = 1 }) => {
      const view = views[ref];
      const entity = view && entities[view.entity];
      if (view === undefined || entity === undefined) throw new Error(`The fixture has no view ${ref}.`);
      const order = { eventTimestampMs, createdTimestampMs: eventTimestampMs, revision };
      const row = compileRowCodec(view).encode(order, values);
      return {
        entity: entity.name,
        entityKey: entityKey(entity, keys),
        viewRef: ref,
        ttlMs: view.ttl_ms,
        row,
      };
    }),
  );
  if (outcomes.some((outcome) => outcome !== 'created' && outcome !== 'replaced'))
    throw new Error(`Not every row was stored: ${outcomes.join(', ')}.`);
}
