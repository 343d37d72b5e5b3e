import { ERRORS, LarderError, toLarderError, type ErrorCode } from '@larder/core';
import type { LoadedProject, Manifest } from '@larder/features';
import type { AppliedManifest, DefinitionMismatch } from '@larder/registry';

/** A model that is not served, or not in the applied version. */
export interface Unavailable {
  /** Error for callers of the model. */
  readonly error: LarderError;
  /** Text for the operator; anyone may read it, so paths are only in the log. */
  readonly detail: string;
  /** True when the problem may go away without an apply. */
  readonly tryAgain: boolean;
}

/** Differences that affect what a model needs: itself, its views, its on-demand views and their views. */
export function mismatchesOf(
  manifest: Manifest,
  name: string,
  differences: readonly DefinitionMismatch[],
): DefinitionMismatch[] {
  const needed = new Set([`model ${name}`]);
  const visit = (inputs: Manifest['models'][string]['inputs']) => {
    for (const { view, version } of inputs) {
      const subject = version === null ? `on-demand view ${view}` : `view ${view}@${version}`;
      if (needed.has(subject)) continue;
      needed.add(subject);
      if (version === null) visit(manifest.on_demand_feature_views[view]?.inputs ?? []);
    }
  };
  visit(manifest.models[name]?.inputs ?? []);
  return differences.filter(({ subject }) => needed.has(subject));
}

export function definitionNotLoaded(name: string, reasons: readonly DefinitionMismatch[]): LarderError {
  return new LarderError(
    'DEFINITION_NOT_LOADED',
    `${name} cannot be served: ${reasons.map(({ detail }) => detail).join(' ')} Restart this process with the applied code.`,
    { retryAfterSeconds: 5 },
  );
}

/** The applied content itself is wrong: loading it again would fail in the same way. */
const ARTIFACT_FAULTS = new Set<ErrorCode>([
  'ARTIFACT_INVALID',
  'MODEL_SIGNATURE_MISMATCH',
  'MODEL_GOLDEN_MISMATCH',
]);

/** A bad artifact is not the caller's fault, and callers must not see its paths. */
export function notReady(name: string, thrown: unknown): Unavailable {
  const { code } = toLarderError(thrown);
  const error = new LarderError(
    'MODEL_NOT_READY',
    `The model ${name} could not be loaded; /health/ready says why.`,
    {
      cause: thrown,
      retryAfterSeconds: 5,
    },
  );
  const problem =
    code === 'MODEL_NOT_READY'
      ? 'The artifact is missing or is not the one that was applied; apply it, or restore the applied one.'
      : `${code}: ${ERRORS[code].title}.`;
  return {
    error,
    detail: `${problem} The log of this process has the details.`,
    tryAgain: !ARTIFACT_FAULTS.has(code),
  };
}

export function beingLoaded(name: string): Unavailable {
  const error = new LarderError('MODEL_NOT_READY', `The model ${name} is being loaded.`, {
    retryAfterSeconds: 1,
  });
  return { error, detail: error.message, tryAgain: false };
}

export function absent(project: LoadedProject, name: string, applied: AppliedManifest | null): LarderError {
  if (Object.hasOwn(project.manifest.models, name)) {
    const reason =
      applied === null
        ? 'nothing is applied, or the applied definitions could not be read yet'
        : 'it is not applied';
    return new LarderError(
      'DEFINITION_NOT_LOADED',
      `The model ${name} cannot be served: ${reason}; run 'larder apply'.`,
      { retryAfterSeconds: 5 },
    );
  }
  const names = Object.keys(applied?.manifest.models ?? project.manifest.models).join(', ') || 'none';
  return new LarderError('MODEL_NOT_FOUND', `No model has this name; applied models: ${names}.`);
}
