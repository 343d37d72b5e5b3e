import { isDeepStrictEqual } from 'node:util';
import { instant } from '@larder/core';
import type { Manifest } from '@larder/features';
import type { CarriedOver } from './carry-over.ts';
import { differingParts, meaningIn } from './model-meaning.ts';
import { withoutPolicies } from './without-policies.ts';
import { digestOf, type RegistryState } from '../registry-state.ts';

/** Why a configuration looks older than what is applied. */
export interface OlderSign {
  readonly subject: string;
  readonly text: string;
}

/** Definitions that were in the configuration applied last, and are older or missing in this one. */
export function compareAge(
  state: RegistryState,
  config: Manifest,
  { prune, next }: { prune: boolean; next: CarriedOver },
): OlderSign[] {
  const { applied, lineage } = state;
  if (applied === null || lineage.digest === digestOf(config)) return [];
  const signs: OlderSign[] = [];
  const { earlier } = lineage;
  if (earlier !== null && !differsInPoliciesAlone(state, next))
    signs.push({
      subject: `project ${config.project}`,
      text: `it equals manifest ${earlier.id}, which ${earlier.actor} applied on ${instant(earlier.appliedAt)}`,
    });
  // dropping is an act of its own, confirmed as such
  if (prune) return signs;
  const known = new Set(lineage.retained);
  const note = (subject: string, text: string): void => {
    if (!known.has(subject)) signs.push({ subject, text: `${subject} ${text}` });
  };
  for (const [ref, { name, version }] of Object.entries(applied.manifest.feature_views)) {
    if (config.feature_views[ref]) continue;
    const newest = newestVersion(config, name);
    if (newest === null) note(`view ${ref}`, 'is applied, but not in the configuration');
    else if (newest < version) note(`view ${ref}`, `is applied; the configuration has ${name}@${newest}`);
  }
  const lacks = (kind: string, was: object, now: object): void => {
    for (const name of Object.keys(was))
      if (!Object.hasOwn(now, name)) note(`${kind} ${name}`, 'is applied, but not in the configuration');
  };
  lacks('on-demand view', applied.manifest.on_demand_feature_views, config.on_demand_feature_views);
  lacks('model', applied.manifest.models, config.models);
  return signs;
}

/** Policies go back and forth: nothing computed or answered becomes older by them. */
function differsInPoliciesAlone({ applied, lineage }: RegistryState, next: CarriedOver): boolean {
  return (
    applied !== null &&
    isDeepStrictEqual([...next.retained], lineage.retained.toSorted()) &&
    isDeepStrictEqual(withoutPolicies(next.manifest), withoutPolicies(applied.manifest))
  );
}

/** Models that would get a new version with the content of an older one. */
export function compareVersionAge(
  state: RegistryState,
  next: Manifest,
  created: ReadonlyMap<string, number>,
): OlderSign[] {
  return [...created].flatMap(([model, version]) => {
    const older = state.sameArtifacts.find(
      (each) =>
        each.model === model &&
        each.content !== null &&
        differingParts(meaningIn(each.content.manifest, model), meaningIn(next, model)).length === 0,
    );
    return older === undefined
      ? []
      : [
          {
            subject: `model ${model}`,
            text: `model ${model} would get version ${version} with the content of version ${older.version}; to serve that one again: larder promote ${model}@${older.version}`,
          },
        ];
  });
}

function newestVersion({ feature_views }: Manifest, view: string): number | null {
  const versions = Object.values(feature_views).flatMap(({ name, version }) =>
    name === view ? [version] : [],
  );
  return versions.length === 0 ? null : Math.max(...versions);
}
