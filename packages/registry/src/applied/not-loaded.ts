import { isDeepStrictEqual } from 'node:util';
import { manifestWithoutSensitivity, type Manifest } from '@larder/features';

/** An applied definition that a process cannot serve with the code it has loaded. */
export interface DefinitionMismatch {
  /** `view ad_image@1`, `on-demand view moment`, `model ad_ctr`. */
  readonly subject: string;
  readonly reason: 'missing' | 'different';
  /** A sentence for readiness and logs. */
  readonly detail: string;
}

/**
 * Applied definitions that the loaded code lacks, or defines differently. Data (TTL, schedule, artifacts, owners, what is logged) does not
 * count: it is taken from the applied manifest.
 */
export function notLoaded(appliedNow: Manifest, loadedHere: Manifest): DefinitionMismatch[] {
  const applied = manifestWithoutSensitivity(appliedNow);
  const loaded = manifestWithoutSensitivity(loadedHere);
  return [
    ...mismatches('view', applied.feature_views, loaded.feature_views, (view) => view.fingerprint),
    ...mismatches(
      'on-demand view',
      applied.on_demand_feature_views,
      loaded.on_demand_feature_views,
      (view) => view,
    ),
    ...mismatches('model', applied.models, loaded.models, (model) => [
      model.inputs,
      model.outputs,
      model.postprocess,
    ]),
  ];
}

function mismatches<D>(
  kind: string,
  applied: Readonly<Record<string, D>>,
  loaded: Readonly<Record<string, D>>,
  codeOf: (definition: D) => unknown,
): DefinitionMismatch[] {
  return Object.entries(applied).flatMap(([name, definition]): DefinitionMismatch[] => {
    const subject = `${kind} ${name}`;
    const own = loaded[name];
    if (own === undefined)
      return [{ subject, reason: 'missing', detail: `${subject} is applied, but not in the loaded code.` }];
    if (isDeepStrictEqual(codeOf(definition), codeOf(own))) return [];
    return [
      {
        subject,
        reason: 'different',
        detail: `${subject} is applied, but the loaded code defines it differently.`,
      },
    ];
  });
}
