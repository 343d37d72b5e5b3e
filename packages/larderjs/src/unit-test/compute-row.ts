import { LarderError, createLogger } from '@larder/core';
import { computeOnce, viewRef, type FeatureView, type SourceRow } from '@larder/features';
import { served } from './served.ts';

export interface ComputeRowOptions {
  /** Folder that artifact paths are relative to. @default the working folder */
  readonly root?: string;
  /** Hosts that the computation may fetch from. @default none */
  readonly allowedHosts?: readonly string[];
}

/**
 * Computes the features of a view from one source row, with defaults in place of nulls.
 * @throws COMPUTATION_FAILED with the row's own code and reason, FEATURE_VALUE_INVALID
 */
export async function computeRow<Gives>(
  view: FeatureView<string, unknown, Gives>,
  row: SourceRow,
  { root = process.cwd(), allowedHosts = [] }: ComputeRowOptions = {},
): Promise<Gives> {
  const name = viewRef(view);
  if (view.compute === null) return served(name, view.schema, row) as Gives;
  const [outcome] = await computeOnce(view.compute, [row], {
    root,
    allowedHosts,
    logger: createLogger('larder-test', { level: 'silent' }),
    signal: new AbortController().signal,
  });
  if (outcome === undefined)
    throw new LarderError('COMPUTATION_FAILED', `${name} gave no outcome for the row.`);
  if ('failure' in outcome)
    throw new LarderError(
      'COMPUTATION_FAILED',
      `${name}: ${outcome.failure.code}: ${outcome.failure.reason}`,
    );
  // like a worker: custom code must name only declared features, so that a misspelt one is found
  const own = view.compute.codeUrl !== undefined;
  const undeclared = Object.keys(outcome.values).find((key) => own && !Object.hasOwn(view.schema, key));
  if (undeclared !== undefined)
    throw new LarderError('FEATURE_VALUE_INVALID', `${undeclared} is not declared in the schema of ${name}.`);
  return served(name, view.schema, outcome.values) as Gives;
}
