import { isDeepStrictEqual } from 'node:util';
import {
  withoutSensitivity,
  type InputManifest,
  type Manifest,
  type OnDemandFeatureViewManifest,
} from '@larder/features';
import type { Leniency, PlanLines } from './plan.ts';
import { whatDiffers } from './compare-views.ts';
import type { RegistryState } from '../registry-state.ts';
import { schemaClauses } from './view-definition.ts';

/**
 * Lines for every on-demand view. They have no versions: what one computes may change only together with every model
 * that was trained with it, so a change passes when all its readers come with another artifact.
 */
export function compareOnDemandViews(
  lines: PlanLines,
  state: RegistryState,
  next: Manifest,
  leniency: Leniency,
): void {
  const { sameMeaning = false, mutableVersions = false } = leniency;
  const applied = state.applied?.manifest.on_demand_feature_views ?? {};
  for (const [name, view] of Object.entries(next.on_demand_feature_views)) {
    const subject = `on-demand view ${name}`;
    const was = applied[name];
    if (!was) {
      lines.create(subject);
      continue;
    }
    const clauses = structureClauses(was, view);
    const codeChanged = was.code_sha256 !== view.code_sha256;
    if (clauses.length === 0 && !codeChanged) continue;
    // Post-processing changes with a new version of its model, for which nothing has to be trained.
    const untrained =
      mutableVersions || view.outputs !== undefined ? [] : untrainedReaders(state, next, name);
    const codeOnly = clauses.length === 0;
    if (untrained.length > 0 && !(codeOnly && sameMeaning)) {
      lines.refuse({
        code: codeOnly ? 'CODE_CHANGED' : 'VIEW_VERSION_IMMUTABLE',
        subject,
        pointer: `/on_demand_feature_views/${name}`,
        message: refusalText({ subject, clauses, untrained, differs: whatDiffers(leniency, subject) }),
      });
      continue;
    }
    if (untrained.length > 0) lines.sameMeaning.push(subject);
    const what = [...clauses, ...(codeChanged ? [`code changed${whatDiffers(leniency, subject)}`] : [])].join(
      '; ',
    );
    lines.change(
      subject,
      `change ${subject}: ${what}${untrained.length > 0 ? ', declared to mean the same' : ''}`,
    );
  }
  for (const name of Object.keys(applied))
    if (!next.on_demand_feature_views[name]) lines.remove(`on-demand view ${name}`, 'no longer computed');
}

function structureClauses(was: OnDemandFeatureViewManifest, now: OnDemandFeatureViewManifest): string[] {
  const sameRequest = isDeepStrictEqual(withoutSensitivity(was.request), withoutSensitivity(now.request));
  const clauses = sameRequest ? [] : ['request fields changed'];
  if (!isDeepStrictEqual(was.inputs, now.inputs)) clauses.push('inputs changed');
  if (!isDeepStrictEqual(was.outputs, now.outputs))
    clauses.push('outputs of the model that it reads changed');
  return [...clauses, ...schemaClauses(withoutSensitivity(was.schema), withoutSensitivity(now.schema))];
}

/** Applied models that read the view, directly or through other on-demand views, and keep their artifact. */
function untrainedReaders(state: RegistryState, next: Manifest, view: string): string[] {
  const applied = state.applied?.manifest.models ?? {};
  const reads = (inputs: readonly InputManifest[]): boolean =>
    inputs.some(
      (input) =>
        input.version === null &&
        (input.view === view || reads(next.on_demand_feature_views[input.view]?.inputs ?? [])),
    );
  return Object.values(next.models)
    .filter((model) => applied[model.name]?.artifact.sha256 === model.artifact.sha256 && reads(model.inputs))
    .map((model) => model.name);
}

interface RefusalParts {
  readonly subject: string;
  readonly clauses: readonly string[];
  readonly untrained: readonly string[];
  /** What differs in the code, in brackets. */
  readonly differs: string;
}

function refusalText({ subject, clauses, untrained, differs }: RefusalParts): string {
  const codeOnly = clauses.length === 0;
  const what = codeOnly ? `its code changed${differs}` : clauses.join('; ');
  const models = untrained.join(', ');
  const otherwise = codeOnly ? ', or say --same-meaning if the values stay the same' : '';
  return `${subject}: ${what}, while the artifact of ${models} was trained with the old one. Train ${models} again for the same apply, or give the changed function a new name${otherwise}.`;
}
