import {
  inputManifest,
  type Entity,
  type FeatureInput,
  type FeatureView,
  type Field,
  type InputManifest,
  type Merge,
  type Provider,
  type SourceDescriptor,
  type SourceManifest,
  type SourceProblem,
  type SourceReader,
  type T,
} from '@larder/features';
import { z } from 'zod';

/** A row for each key, from the newest rows of other views of the same entity. */
export interface ViewsSource<Row = unknown> extends SourceDescriptor<Row> {
  readonly kind: 'views';
  readonly views: readonly FeatureInput[];
  readonly manifest: ViewsSourceManifest;
}

export interface ViewsSourceManifest extends SourceManifest {
  readonly kind: 'views';
  /** Features of a row, in order. */
  readonly views: readonly (InputManifest & { readonly version: number })[];
  readonly require: 'all' | 'any';
  readonly event_timestamp_column: 'event_timestamp';
  readonly created_timestamp_column: 'created_timestamp';
}

export const viewsManifest = z.strictObject({
  kind: z.literal('views'),
  views: z
    .array(
      z.strictObject({ view: z.string(), version: z.int().positive(), features: z.array(z.string()).min(1) }),
    )
    .min(1),
  require: z.enum(['all', 'any']),
  event_timestamp_column: z.literal('event_timestamp'),
  created_timestamp_column: z.literal('created_timestamp'),
});

/** Reads views or picks of views, never on-demand views. */
type Stored = Provider<string, unknown, never>;

/** Join keys, the features of every view as a reader gets them, and the newest of their timestamps. */
export type ViewsRow<P extends readonly Provider[]> = Merge<P[number][typeof T]['keys']> &
  Merge<P[number][typeof T]['gives']> & {
    readonly event_timestamp: Date;
    readonly created_timestamp: Date;
  };

export interface ViewsSourceOptions {
  /**
   * `all`: a key has a row when each view has one for it. `any`: when at least one has; features of the others have their
   * default, or are null. A windowed view has values for every key, and under `any` a row for those with events.
   * @default 'all'
   */
  readonly require?: 'all' | 'any';
}

/**
 * Rows from the newest rows of other views in history: `fromViews([adImage.pick('embedding'), adText])`. A row is computed
 * again as soon as one of these views lands rows for its key. Its event timestamp is the latest of theirs.
 *
 * Windowed views give their values as of the start of the run, which is then the event timestamp of the row. Their events set
 * off nothing: the rows follow the other views, a schedule or a backfill.
 */
export function fromViews<const P extends readonly Stored[]>(
  views: P,
  options: ViewsSourceOptions = {},
): ViewsSource<ViewsRow<P>> {
  const inputs: readonly FeatureInput[] = Array.isArray(views)
    ? (views as readonly unknown[] as FeatureInput[]).slice()
    : [];
  const manifest = {
    kind: 'views' as const,
    views: inputs.filter(isStored).map(inputManifest) as ViewsSourceManifest['views'],
    require: options.require ?? 'all',
    event_timestamp_column: 'event_timestamp' as const,
    created_timestamp_column: 'created_timestamp' as const,
  };
  return {
    kind: 'views',
    connection: null,
    views: inputs,
    manifest,
    problems: (view) => problemsOf(inputs, manifest.require, view),
  };
}

function problemsOf(inputs: readonly FeatureInput[], require: unknown, view: SourceReader): SourceProblem[] {
  const problems: SourceProblem[] = [];
  const report = (path: SourceProblem['path'], detail: string) => void problems.push({ path, detail });
  if (require !== 'all' && require !== 'any') report(['require'], "must be 'all' or 'any'.");
  const { schema } = view;
  if (schema === undefined)
    return [{ path: [], detail: 'is for feature views; events cannot be read from views.' }];
  if (inputs.length === 0)
    report(['views'], "must be a list of at least one feature view, such as [adImage.pick('embedding')].");
  const columns = new Map<string, { readonly from: string; readonly field: Field }>();
  const seen = new Set<string>();
  for (const [index, input] of inputs.entries()) {
    const at = ['views', index];
    if (!isStored(input)) {
      report(at, 'must be a feature view or a pick of one.');
      continue;
    }
    const parent = viewOf(input);
    if (!isSameEntity(parent.entity, view.entity))
      report(
        at,
        `'${parent.name}' has entity '${parent.entity?.name}'; a view is computed from views of its own entity ('${view.entity?.name}').`,
      );
    if (seen.has(parent.name))
      report(at, `'${parent.name}' is listed more than once; pick all of its features in one entry.`);
    seen.add(parent.name);
    for (const name of inputManifest(input).features) {
      const field = parent.schema?.[name];
      const other = columns.get(name);
      if (field === undefined)
        report(
          at,
          `'${parent.name}' has no feature '${name}'; it has ${Object.keys(parent.schema ?? {}).join(', ')}.`,
        );
      else if (other !== undefined && other.from !== parent.name)
        report(
          at,
          `'${name}' is a feature of both '${other.from}' and '${parent.name}'; pick() it from one of them.`,
        );
      else columns.set(name, { from: parent.name, field });
    }
  }
  // A computation may read any column; without one the columns are the features.
  if (view.compute === null && problems.length === 0) checkColumns(schema, columns, report);
  return problems;
}

function checkColumns(
  schema: FeatureView['schema'],
  columns: ReadonlyMap<string, { readonly from: string; readonly field: Field }>,
  report: (path: SourceProblem['path'], detail: string) => void,
): void {
  for (const [name, field] of Object.entries(schema ?? {})) {
    const given = columns.get(name)?.field;
    if (given === undefined)
      report(
        ['views'],
        `none of the views gives feature '${name}'; they give ${[...columns.keys()].join(', ')}.`,
      );
    else if (given.type !== field?.type || given.length !== field.length)
      report(
        ['views'],
        `feature '${name}' is ${typeText(field)} here and ${typeText(given)} in '${columns.get(name)?.from}'.`,
      );
  }
}

function typeText(field: Field | undefined): string {
  return field?.length === undefined ? String(field?.type) : `${field.type}(${field.length})`;
}

function isStored(input: FeatureInput | undefined): input is FeatureInput {
  return viewOf(input)?.kind === 'feature_view';
}

function viewOf(input: FeatureInput | undefined): FeatureView {
  return (input?.kind === 'pick' ? input.view : input) as FeatureView;
}

function isSameEntity(one: Entity | undefined, other: Entity | undefined): boolean {
  return one !== undefined && one === other;
}
