// Checked by `tsc -p .`: an assertion that no longer holds, or an error that is no longer one, fails it.
import { folderSource, sqlSource } from '@larder/sources';
import { expectTypeOf } from 'vitest';
import { artifact } from '../artifact/artifact.ts';
import type {
  Computation,
  ComputationContext,
  ComputationModule,
  ComputeDescriptor,
  RowOutcome,
  SourceRow,
} from './computation.ts';
import { computeWith, defineComputation } from './compute-with.ts';
import type { Fitting } from './fitting.ts';
import { entity } from '../definition/entity.ts';
import { featureView } from '../definition/feature-view.ts';
import { f, type Fields } from '../definition/field.ts';
import type { RowOf } from '../definition/source.ts';

const ad = entity('ad', { ad_id: f.string() });
const view = { version: 1, entity: ad, ttl: '7d' } as const;
const failure = { code: 'TITLE_MISSING', reason: 'The row has no title.', retryable: false };

// A row has the columns of its source
const titles = sqlSource({
  connection: 'ads',
  query: 'select * from ads',
  columns: {
    ad_id: f.string(),
    title: f.string(),
    clicks: f.int64(),
    bytes: f.int64().safe(),
    embedding: f.vector(2),
  },
});
expectTypeOf<RowOf<typeof titles>>().toEqualTypeOf<{
  readonly ad_id: string | null;
  readonly title: string | null;
  readonly clicks: number | bigint | null;
  readonly bytes: number | null;
  readonly embedding: readonly number[] | null;
}>();
const pictures = folderSource({ folder: 'pictures', key: 'ad_id' });
expectTypeOf<RowOf<typeof pictures>['ad_id' | 'path']>().toEqualTypeOf<string>();
expectTypeOf<RowOf<typeof pictures>['size_bytes']>().toEqualTypeOf<number>();
expectTypeOf<RowOf<typeof pictures>['event_timestamp']>().toEqualTypeOf<Date>();
const undeclared = sqlSource({ connection: 'ads', query: 'select * from ads' });
expectTypeOf<RowOf<typeof undeclared>>().toEqualTypeOf<unknown>();

// What a module reads, opens and returns is inferred from its functions
const words = defineComputation((rows: readonly RowOf<typeof titles>[]) =>
  rows.map((row) => {
    expectTypeOf(row.title).toEqualTypeOf<string | null>();
    // @ts-expect-error the source has no such column
    void row.titel;
    if (row.title === null) return { failure };
    return {
      values: { word_count: row.title.split(' ').length, shouting: /[A-Z]/.test(row.title), mean: null },
    };
  }),
);
const words2 = computeWith(import.meta.url, () => Promise.resolve({ default: words }));
expectTypeOf(words2).toEqualTypeOf<
  ComputeDescriptor<{ word_count: number; shouting: boolean; mean: null }, RowOf<typeof titles>>
>();

const encoder = {
  createComputation: async ({ artifactPaths }: ComputationContext<'encoder'>) => {
    expectTypeOf(artifactPaths.encoder).toEqualTypeOf<string>();
    // @ts-expect-error not declared
    void artifactPaths.decoder;
    return {
      compute: async (rows: readonly { readonly path: string }[]) =>
        rows.map(({ path }) => ({ values: { embedding: Float32Array.of(path.length) } })),
      close: async () => {},
    };
  },
};
const importEncoder = () => Promise.resolve({ default: encoder });
const encoded = computeWith(import.meta.url, importEncoder, { artifacts: { encoder: artifact('e') } });
expectTypeOf(encoded).toEqualTypeOf<
  ComputeDescriptor<{ embedding: Float32Array<ArrayBuffer> }, { readonly path: string }>
>();

// It opens artifacts that are declared
// @ts-expect-error artifacts are left out
computeWith(import.meta.url, importEncoder);
// @ts-expect-error 'encoder' is missing
computeWith(import.meta.url, importEncoder, { artifacts: {} });
computeWith(import.meta.url, importEncoder, {
  // @ts-expect-error no artifact of this name is opened
  artifacts: { encoder: artifact('e'), decoder: artifact('d') },
});
const opensOne = defineComputation(async (rows, { artifactPaths }: ComputationContext<'words'>) =>
  rows.map(() => ({ values: { path: artifactPaths.words } })),
);
// @ts-expect-error artifacts are left out
computeWith(import.meta.url, () => Promise.resolve({ default: opensOne }));

// Outcome and schema, row and source agree
featureView('fits', {
  ...view,
  source: titles,
  schema: { word_count: f.int64(), shouting: f.bool().default(false), mean: f.float32() },
  compute: words2,
});
featureView('fits_too', { ...view, source: pictures, schema: { embedding: f.vector(1) }, compute: encoded });
featureView('columns_not_declared', {
  ...view,
  source: undeclared,
  schema: { embedding: f.vector(1) },
  compute: encoded,
});
featureView('left_out', {
  ...view,
  source: titles,
  schema: { word_count: f.int64(), shouting: f.bool(), mean: f.float32(), longest: f.string() },
  // @ts-expect-error 'longest' is left out
  compute: words2,
});
featureView('mistyped', {
  ...view,
  source: titles,
  schema: { word_count: f.string(), shouting: f.bool(), mean: f.float32() },
  // @ts-expect-error 'word_count' is a number
  compute: words2,
});
featureView('other_source', {
  ...view,
  source: titles,
  schema: { embedding: f.vector(1) },
  // @ts-expect-error the source has no column 'path'
  compute: encoded,
});
featureView('written_in_place', {
  ...view,
  source: pictures,
  schema: { embedding: f.vector(1), other: f.bool() },
  // @ts-expect-error 'other' is left out
  compute: computeWith(import.meta.url, importEncoder, { artifacts: { encoder: artifact('e') } }),
});

// The errors are sentences
type Says<S extends Fields, V, Row = unknown, Columns = unknown> = Fitting<
  ComputeDescriptor<V, Row>,
  Columns,
  S
>;
const schema = { count: f.int64().safe(), shape: f.vector(2) };
type Schema = typeof schema;
type Good = { readonly count: number | null; readonly shape: Float32Array | number[] };
expectTypeOf<Says<Schema, Good>>().toEqualTypeOf<ComputeDescriptor<Good>>();
expectTypeOf<
  Says<Schema, { count: number }>
>().toEqualTypeOf<"The computation leaves out feature 'shape'; return null where it has no value.">();
expectTypeOf<
  Says<Schema, Good | { count: number; shape: null; extra: string }>
>().toEqualTypeOf<"The computation returns 'extra', which is not in the schema of the view.">();
expectTypeOf<
  Says<Schema, Good | { count: null; shape: string }>
>().toEqualTypeOf<"Feature 'shape' must be Float32Array or null, as its schema says; the computation returns another type.">();
expectTypeOf<
  Says<Schema, Good, { readonly title: string }, { readonly titel: string }>
>().toEqualTypeOf<"The computation reads column 'title', which the source does not have.">();
expectTypeOf<
  Says<Schema, Good, { readonly title: string }, { readonly title: string | null }>
>().toEqualTypeOf<"Column 'title' of the source has another type than the computation reads; use RowOf<typeof source> there.">();

// Without types of its own a module is checked when it runs
declare const untyped: ComputationModule;
featureView('untyped', {
  ...view,
  source: titles,
  schema: { anything: f.json() },
  compute: computeWith(import.meta.url, () => Promise.resolve({ default: untyped }), {
    artifacts: { any: artifact('a') },
  }),
});
const loosely = defineComputation((rows) =>
  rows.map((row: SourceRow): RowOutcome => ({ values: row as {} })),
);
featureView('loosely', {
  ...view,
  source: titles,
  schema: { anything: f.json() },
  compute: computeWith(import.meta.url, () => Promise.resolve({ default: loosely })),
});
declare const readyMade: ComputeDescriptor;
featureView('ready_made', { ...view, source: titles, schema: { a: f.bool() }, compute: readyMade });
declare const computation: Computation;
expectTypeOf(computation.compute).returns.resolves.toEqualTypeOf<RowOutcome[]>();
