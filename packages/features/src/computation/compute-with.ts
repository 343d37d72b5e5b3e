import type { Artifact } from '../artifact/artifact.ts';
import type {
  Computation,
  ComputationContext,
  ComputationModule,
  ComputeDescriptor,
  RowOutcome,
  SourceRow,
} from './computation.ts';
import type { JsonValue } from '../definition/field.ts';
import { importedUrl } from './imported-url.ts';

/** One outcome per row, in the order of the rows; a row without values gets a `failure` of its own. */
export type ComputeRows = (
  rows: readonly SourceRow[],
  context: ComputationContext & { readonly signal: AbortSignal },
) => Promise<readonly RowOutcome[]> | readonly RowOutcome[];

/**
 * A stateless computation, as the default export of its module. A computation that keeps models loaded between calls
 * exports `createComputation` (`ComputationModule`) as its default instead.
 */
export function defineComputation(computeRows: ComputeRows): ComputationModule {
  return {
    createComputation: (context: ComputationContext): Promise<Computation> =>
      Promise.resolve({
        compute: async (rows, signal) => [...(await computeRows(rows, { ...context, signal }))],
        close: () => Promise.resolve(),
      }),
  };
}

export interface ComputeWithOptions {
  /** Data for the computation; part of the view's fingerprint. */
  readonly options?: Readonly<Record<string, JsonValue>>;
  readonly artifacts?: Readonly<Record<string, Artifact>>;
}

/**
 * A computation in a module of your own: `computeWith(import.meta.url, () => import('./words.ts'))`. The module
 * is loaded by workers only, and its minified bundle is part of the view's fingerprint.
 */
export function computeWith(
  baseUrl: string,
  importModule: () => Promise<{ readonly default: ComputationModule }>,
  { options = {}, artifacts = {} }: ComputeWithOptions = {},
): ComputeDescriptor {
  return {
    kind: 'module',
    options,
    artifacts,
    codeUrl: importedUrl(baseUrl, importModule) ?? '',
    load: async () => (await importModule()).default,
  };
}
