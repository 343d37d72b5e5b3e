import { isDeepStrictEqual } from 'node:util';
import { manifestWithoutSensitivity, type Manifest } from '@larder/features';
import { contentOf } from '../model-versions/content-of.ts';
import type { RecordedVersion } from '../model-versions/recorded-versions.ts';

/** The parts of a model's content: one that changes makes a new version. */
interface ModelMeaning {
  /** By the words that a plan says. */
  readonly parts: ReadonlyMap<string, unknown>;
}

/** Everything that decides what a model of the manifest answers; policies are left out. */
export function meaningIn(manifest: Manifest, name: string): ModelMeaning {
  const { manifest: own } = contentOf(manifestWithoutSensitivity(manifest), name, {});
  const model = own.models[name];
  if (model === undefined) throw new Error(`The content of ${name} lacks it.`);
  const parts = new Map<string, unknown>([
    ['inputs', model.inputs],
    ['outputs', model.outputs],
    ['artifact', model.artifact.sha256],
    ['value of missing features', model.missing],
    ['post-processing', model.postprocess ?? null],
  ]);
  for (const view of Object.values(own.on_demand_feature_views))
    parts.set(`on-demand view ${view.name}`, [
      view.outputs ?? null,
      view.request,
      view.inputs,
      view.schema,
      view.code_sha256,
    ]);
  // immutable, but for `larder dev`
  for (const [ref, view] of Object.entries(own.feature_views))
    parts.set(`view ${ref}`, [own.entities[view.entity], view.schema, view.windowed ?? null]);
  return { parts };
}

/** A version of a release that kept no content: what its row says, and the rest as it is applied. */
export function meaningOf(version: RecordedVersion, applied: Manifest | null): ModelMeaning {
  if (version.content !== null) return meaningIn(version.content.manifest, version.model);
  const parts = new Map<string, unknown>();
  const model = applied?.models[version.model];
  if (applied && model?.artifact.sha256 === version.artifactSha256)
    for (const [part, value] of meaningIn(applied, version.model).parts) parts.set(part, value);
  parts.set('inputs', version.inputs);
  parts.set('outputs', version.outputs);
  parts.set('artifact', version.artifactSha256);
  return { parts };
}

/** Names of the parts that differ; a part that only one side has counts when the inputs are the same. */
export function differingParts(was: ModelMeaning, now: ModelMeaning): string[] {
  const inputsChanged = !isDeepStrictEqual(was.parts.get('inputs'), now.parts.get('inputs'));
  return [...now.parts].flatMap(([part, value]) => {
    if (!was.parts.has(part)) return inputsChanged || !knowsViews(was) ? [] : [part];
    return isDeepStrictEqual(was.parts.get(part), value) ? [] : [part];
  });
}

/** False for a version without content whose model is no longer applied. */
function knowsViews({ parts }: ModelMeaning): boolean {
  return parts.has('value of missing features');
}
