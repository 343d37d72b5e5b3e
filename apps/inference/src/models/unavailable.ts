import { ERRORS, LarderError, isLarderError, toLarderError, type ErrorCode } from '@larder/core';
import type { ServableModel } from '@larder/registry';

/** Why a model version does not answer. */
export interface Unavailable {
  /** Error for callers who need this version. */
  readonly error: LarderError;
  /** Text for the operator; anyone may read it, so paths are only in the log. */
  readonly detail: string;
  /** True when the problem may go away without another content. */
  readonly tryAgain: boolean;
}

export interface VersionName {
  readonly model: string;
  /** Absent: whichever the model has. */
  readonly version?: number;
}

/** The content itself is wrong: loading it again would fail in the same way. */
const CONTENT_FAULTS = new Set<ErrorCode>([
  'ARTIFACT_INVALID',
  'MODEL_SIGNATURE_MISMATCH',
  'MODEL_GOLDEN_MISMATCH',
]);

/** A bad artifact is not the caller's fault, and callers must not see its paths. */
export function notReady(name: VersionName, thrown: unknown): Unavailable {
  const { code } = toLarderError(thrown);
  const error = new LarderError(
    'MODEL_NOT_READY',
    `${subject(name)} could not be loaded; /health/ready and the log of the service say why.`,
    { cause: thrown, retryAfterSeconds: 5 },
  );
  const problem = isNotPublished(thrown) ? NOT_PUBLISHED : `${code}: ${ERRORS[code].title}.`;
  return {
    error,
    detail: `${subject(name)} could not be loaded. ${problem} The log of this process has the details.`,
    tryAgain: !CONTENT_FAULTS.has(code),
  };
}

export function beingLoaded(name: VersionName, retryAfterSeconds = 1): Unavailable {
  const error = new LarderError('MODEL_NOT_READY', `${subject(name)} is being loaded.`, {
    retryAfterSeconds,
  });
  return { error, detail: error.message, tryAgain: true };
}

const NOT_PUBLISHED =
  "An earlier release of Larder registered it without its content, and the code of this process is not the one of this version; run 'larder apply' with this release.";

/** The registry has the version, but not what it is made of, and this process cannot say it. */
export function notPublished(): LarderError {
  return new LarderError('MODEL_NOT_READY', NOT_PUBLISHED, { retryAfterSeconds: 5 });
}

function isNotPublished(thrown: unknown): boolean {
  return isLarderError(thrown) && thrown.message === NOT_PUBLISHED;
}

/** An explicit version is never answered by another one. */
export function versionNotFound(
  model: string,
  asked: number | string,
  { versions, aliases }: ServableModel,
): LarderError {
  const known = typeof asked === 'number' ? versions.get(asked) : undefined;
  const detail =
    known === undefined ? 'is not on record' : 'was removed from the artifact store: nothing needed it';
  const what =
    typeof asked === 'number' ? subject({ model, version: asked }) : `The alias ${asked} of ${model}`;
  const names = aliases.map(({ alias, version }) => `${alias} (${version})`).join(', ') || 'none';
  return new LarderError('MODEL_VERSION_NOT_FOUND', `${what} ${detail}; aliases: ${names}.`, {
    errors: [{ pointer: '/options/version', detail }],
  });
}

/** The name is none of an applied model. */
export function absent(name: string, models: readonly string[] | null): LarderError {
  if (models === null)
    return new LarderError(
      'MODEL_NOT_READY',
      `The model ${name} cannot be served: nothing is applied, or the registry could not be read yet; run 'larder apply'.`,
      { retryAfterSeconds: 5 },
    );
  return new LarderError(
    'MODEL_NOT_FOUND',
    `No model has this name; applied models: ${models.join(', ') || 'none'}.`,
  );
}

function subject({ model, version }: VersionName): string {
  return version === undefined ? `The model ${model}` : `Version ${version} of ${model}`;
}
