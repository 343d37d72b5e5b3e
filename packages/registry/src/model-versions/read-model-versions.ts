import {
  parseManifest,
  type FieldManifest,
  type InputManifest,
  type OnDemandFeatureViewManifest,
} from '@larder/features';
import { sql } from 'kysely';
import type { Promotion } from '../coverage/promotion.ts';
import type { RegistryStore } from '../registry-store.ts';
import type { ModelContent } from './model-content.ts';

/** A model version on record: what every process reads after a change of the registry. */
export interface ModelVersion {
  readonly model: string;
  readonly version: number;
  readonly artifactPath: string;
  readonly artifactSha256: string;
  /** The apply that added it. */
  readonly manifestId: number;
  readonly createdAt: Date;
  /** Who applied it; null: a release that did not keep it. */
  readonly actor: string | null;
  /** False: registered by a release that published no content. */
  readonly hasContent: boolean;
  /** When the views that it reads had reached the declared coverage; null while they fill. */
  readonly completeAt: Date | null;
  /** A promotion that waits for the version to be complete, or what became of it; null: nobody asked. */
  readonly promotion: Promotion | null;
  /** The newest mark, if it is `bad`. */
  readonly bad: VersionMark | null;
  /** When its content was removed from the artifact store. */
  readonly collectedAt: Date | null;
}

export interface VersionMark {
  readonly actor: string;
  readonly reason: string;
  readonly markedAt: Date;
}

/** What a person asks about a version. */
export interface ModelVersionDetails {
  readonly model: string;
  readonly version: number;
  readonly inputs: readonly InputManifest[];
  /** What the artifact gives. */
  readonly outputs: readonly FieldManifest[];
  /** What callers get instead of the artifact's outputs; null: those. */
  readonly postprocess: OnDemandFeatureViewManifest | null;
  /** What the trainer left in `training.json`; null: nothing. */
  readonly training: unknown;
  /** What apply measured; null: nothing. */
  readonly measured: unknown;
}

/** Every version of the project's models on record, or of one model, oldest first. */
export async function readModelVersions(
  store: RegistryStore,
  project: string,
  model?: string,
): Promise<ModelVersion[]> {
  const marks = store.db
    .selectFrom('larder.model_version_marks')
    .distinctOn(['model', 'version'])
    .select(['model', 'version', 'mark', 'actor as marked_by', 'reason', 'marked_at'])
    .where('project', '=', project)
    .orderBy('model')
    .orderBy('version')
    .orderBy('mark_id', 'desc');
  const rows = await store.db
    .selectFrom('larder.model_versions as v')
    .leftJoin(marks.as('m'), (join) =>
      join.onRef('m.model', '=', 'v.model').onRef('m.version', '=', 'v.version'),
    )
    .select((eb) => [
      'v.model',
      'v.version',
      'v.artifact_path',
      'v.artifact_sha256',
      'v.manifest_id',
      'v.created_at',
      'v.actor',
      eb('v.content', 'is not', null).as('has_content'),
      'v.complete_at',
      'v.promote_when_complete',
      'v.collected_at',
      'm.mark',
      'm.marked_by',
      'm.reason',
      'm.marked_at',
    ])
    .where('v.project', '=', project)
    .where((eb) => (model === undefined ? eb.lit(true) : eb('v.model', '=', model)))
    .orderBy('v.model')
    .orderBy('v.version')
    .execute();
  return rows.map((row) => ({
    model: row.model,
    version: row.version,
    artifactPath: row.artifact_path,
    artifactSha256: row.artifact_sha256,
    manifestId: row.manifest_id,
    createdAt: row.created_at,
    actor: row.actor,
    hasContent: row.has_content as boolean,
    completeAt: row.complete_at,
    promotion: row.promote_when_complete as Promotion | null,
    bad:
      row.mark === 'bad'
        ? {
            actor: row.marked_by as string,
            reason: row.reason as string,
            markedAt: row.marked_at as Date,
          }
        : null,
    collectedAt: row.collected_at,
  }));
}

/** The details of each version of a model, oldest first. */
export async function readVersionDetails(
  store: RegistryStore,
  project: string,
  model: string,
): Promise<ModelVersionDetails[]> {
  const rows = await store.db
    .selectFrom('larder.model_versions')
    .select([
      'model',
      'version',
      'inputs',
      'outputs',
      'training',
      'measured',
      sql`content #> array['manifest', 'on_demand_feature_views', content #>> array['manifest', 'models', model, 'postprocess']]`.as(
        'postprocess',
      ),
    ])
    .where('project', '=', project)
    .where('model', '=', model)
    .orderBy('version')
    .execute();
  return rows.map((row) => ({
    model: row.model,
    version: row.version,
    inputs: row.inputs as readonly InputManifest[],
    outputs: row.outputs as readonly FieldManifest[],
    postprocess: row.postprocess as OnDemandFeatureViewManifest | null,
    training: row.training,
    measured: row.measured,
  }));
}

export interface ModelVersionId {
  readonly project: string;
  readonly model: string;
  readonly version: number;
}

/** Everything the version is made of; null while nothing is published. @throws MANIFEST_INVALID */
export async function readModelContent(
  store: RegistryStore,
  { project, model, version }: ModelVersionId,
): Promise<ModelContent | null> {
  const row = await store.db
    .selectFrom('larder.model_versions')
    .select('content')
    .where('project', '=', project)
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  const content = (row?.content ?? null) as ModelContent | null;
  return content === null ? null : { ...content, manifest: parseManifest(content.manifest) };
}
