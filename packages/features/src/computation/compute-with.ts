import type { Artifact } from '../artifact/artifact.ts';
import type {
  ComputationContext,
  ComputationModule,
  ComputeDescriptor,
  RowOutcome,
  SourceRow,
} from './computation.ts';
import type { JsonValue } from '../definition/field.ts';
import { importedUrl } from './imported-url.ts';

/** One outcome per row, in the order of the rows; a row without values gets a `failure` of its own. */
export type ComputeRows<Row = SourceRow, Outcome = RowOutcome, Artifacts extends string = string> = (
  rows: readonly Row[],
  context: ComputationContext<Artifacts> & { readonly signal: AbortSignal },
) => Promise<readonly Outcome[]> | readonly Outcome[];

/**
 * A stateless computation, as the default export of its module. A computation that keeps models loaded between calls
 * exports `createComputation` (`ComputationModule`) as its default instead.
 */
export function defineComputation<
  Outcome extends RowOutcome<object>,
  Row = SourceRow,
  Artifacts extends string = string,
>(computeRows: ComputeRows<Row, Outcome, Artifacts>): ComputationModule<Row, Outcome, Artifacts> {
  return {
    createComputation: (context) =>
      Promise.resolve({
        compute: async (rows, signal) => [...(await computeRows(rows, { ...context, signal }))],
        close: () => Promise.resolve(),
      }),
  };
}

export interface ComputeWithOptions<Artifacts extends string = string> {
  /** Data for the computation; part of the view's fingerprint. */
  readonly options?: Readonly<Record<string, JsonValue>>;
  readonly artifacts?: Readonly<Record<Artifacts, Artifact>>;
}

/** Any module of a computation, whatever it reads and returns. */
type AnyModule = ComputationModule<never, RowOutcome<object>, never>;

type Context<M extends AnyModule> = Parameters<M['createComputation']>[0];
type Opened<M extends AnyModule> = Awaited<ReturnType<M['createComputation']>>;
type RowRead<M extends AnyModule> = Parameters<Opened<M>['compute']>[0][number];
type ValuesReturned<M extends AnyModule> = Awaited<
  ReturnType<Opened<M>['compute']>
>[number] extends infer Outcome
  ? Outcome extends { readonly values: infer V }
    ? V
    : never
  : never;

/** Artifacts that the module opens by name must be declared; without types any may be. */
type OptionsFor<Artifacts extends string> = string extends Artifacts
  ? [options?: ComputeWithOptions]
  : [Artifacts] extends [never]
    ? [options?: ComputeWithOptions]
    : [options: ComputeWithOptions<Artifacts> & Required<Pick<ComputeWithOptions<Artifacts>, 'artifacts'>>];

/**
 * A computation in a module of your own: `computeWith(import.meta.url, () => import('./words.ts'))`. The module
 * is loaded by workers only, and its minified bundle is part of the view's fingerprint.
 */
export function computeWith<M extends AnyModule>(
  baseUrl: string,
  importModule: () => Promise<{ readonly default: M }>,
  ...[given]: OptionsFor<keyof Context<M>['artifactPaths'] & string>
): ComputeDescriptor<ValuesReturned<M>, RowRead<M>> {
  const { options = {}, artifacts = {} }: ComputeWithOptions = given ?? {};
  return {
    kind: 'module',
    options,
    artifacts,
    codeUrl: importedUrl(baseUrl, importModule) ?? '',
    load: async () => (await importModule()).default as unknown as ComputationModule,
  };
}
