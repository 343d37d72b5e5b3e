import {
  fieldManifests,
  validateFields,
  type Field,
  type FieldManifest,
  type Fields,
  type SourceDescriptor,
  type SourceManifest,
  type SourceProblem,
  type SourceReader,
  type T,
} from '@larder/features';
import { z } from 'zod';

/** Rows that arrive through the HTTP API (`POST /v1/views/{view}/push`), and nowhere else. */
export interface PushSource<Row = unknown, Pushed = unknown> extends SourceDescriptor<Row, Pushed> {
  readonly kind: 'push';
  /** Members of a pushed row, beside the join keys and `event_timestamp`. */
  readonly schema: Fields;
  readonly manifest: PushSourceManifest;
}

export interface PushSourceManifest extends SourceManifest {
  readonly kind: 'push';
  readonly schema: readonly FieldManifest[];
  readonly event_timestamp_column: 'event_timestamp';
  readonly created_timestamp_column: 'created_timestamp';
}

export const pushManifest = z.strictObject({
  kind: z.literal('push'),
  // Checked as a whole by whoever reads rows of it.
  schema: z.array(z.looseObject({ name: z.string(), type: z.string() })),
  event_timestamp_column: z.literal('event_timestamp'),
  created_timestamp_column: z.literal('created_timestamp'),
});

/** Columns of a pushed row as a computation gets them. */
export type PushedRow<Columns extends Fields> = PushedColumns<Columns> & {
  readonly event_timestamp: Date;
  /** Arrival. */
  readonly created_timestamp: Date;
};

type PushedColumns<Columns extends Fields> = {
  readonly [C in keyof Columns]: ValueOf<Columns[C]> | null;
};

type ValueOf<F extends Field> = F[typeof T]['value'];

export interface PushSourceOptions<Columns extends Fields = Fields> {
  /** Columns that the computation of the view reads. Any may be null. */
  readonly schema?: Columns;
}

/**
 * Rows that callers push. `pushSource({ schema: { text: f.string() } })`: columns that the view's computation reads, which
 * runs as they arrive. `pushSource()`: the features themselves, of a view without a computation.
 */
export function pushSource<Columns extends Fields = never>(
  options: PushSourceOptions<Columns> = {},
): PushSource<
  [Columns] extends [never] ? unknown : PushedRow<Columns>,
  [Columns] extends [never] ? unknown : PushedColumns<Columns>
> {
  const schema: Fields = options?.schema ?? {};
  const valid = Object.values(schema).every((field: Field | undefined) => typeof field?.type === 'string');
  const manifest = {
    kind: 'push' as const,
    schema: valid ? fieldManifests(schema) : [],
    event_timestamp_column: 'event_timestamp' as const,
    created_timestamp_column: 'created_timestamp' as const,
  };
  return {
    kind: 'push',
    connection: null,
    schema,
    manifest,
    problems: (view) => problemsOf(schema, view),
  };
}

function problemsOf(schema: Fields, view: SourceReader): SourceProblem[] {
  const problems: SourceProblem[] = [];
  const report = (path: SourceProblem['path'], detail: string) =>
    void problems.push({ path: ['schema', ...path], detail });
  const given = Object.keys(schema);
  if (view.schema === undefined) {
    problems.push({ path: [], detail: 'is for feature views; events have their own schema.' });
    return problems;
  }
  if (view.compute === null) {
    if (given.length > 0)
      report([], 'must be left out: without compute, a pushed row has the features of the view.');
    return problems;
  }
  validateFields(schema, RULES, report);
  for (const name of given)
    if (Object.hasOwn(view.entity?.joinKeys ?? {}, name))
      report([name], `is a join key of entity '${view.entity.name}', which every pushed row has.`);
  return problems;
}

const RULES = {
  noDefault: 'a pushed row names every column, with null for a missing value.',
  notSensitive: 'the prediction log has features, not columns; mark the features that are computed from it.',
};
