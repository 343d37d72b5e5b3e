import type { SourceManifest } from '../manifest/manifest.ts';
import type { FeatureView } from './feature-view.ts';
import type { T } from './field.ts';
import type { FeatureInput } from './pick.ts';

/**
 * Where the rows of a view come from, as data. Only its kind (package `sources`) knows what its options mean, how to
 * validate them and how to read rows, so that a new kind changes nothing here.
 */
export interface SourceDescriptor<out Row = unknown, out Pushed = unknown> {
  readonly kind: string;
  /** Name of the connection it reads through; null: it needs none. */
  readonly connection: string | null;
  /** The source's part of the manifest, and of the view's fingerprint. */
  readonly manifest: SourceManifest;
  /** Views whose history it reads; they are part of every project that has this source. Absent: none. */
  readonly views?: readonly FeatureInput[];
  /** Every problem of the source for its reader. */
  problems(reader: SourceReader): readonly SourceProblem[];
  readonly [T]?: {
    /** Columns of a row by name; unknown: not declared. */
    readonly row: Row;
    /** Columns of a pushed row by name; unknown: the features of the view. */
    readonly pushed: Pushed;
  };
}

/** A view, whose members may themselves be invalid; or an event source, which has no schema and computes nothing. */
export type SourceReader = Pick<FeatureView, 'entity'> & Partial<Pick<FeatureView, 'schema' | 'compute'>>;

/** A row of a source: the columns that it declares. */
export type RowOf<S extends SourceDescriptor> = S extends SourceDescriptor<infer Row> ? Row : never;

export interface SourceProblem {
  /** Path within the source's manifest: `['extensions', 0]`. */
  readonly path: readonly (string | number)[];
  readonly detail: string;
}
