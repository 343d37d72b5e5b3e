import type { SourceManifest } from '../manifest/manifest.ts';
import type { Entity } from './entity.ts';

/**
 * Where the rows of a view come from, as data. What its options mean, which of them are wrong and how rows are read is
 * known to its kind alone (package `sources`), so that a new kind changes nothing here.
 */
export interface SourceDescriptor {
  readonly kind: string;
  /** Name of the connection that it reads through; null: it needs none. */
  readonly connection: string | null;
  /** Its part of the manifest, and of the view's fingerprint. */
  readonly manifest: SourceManifest;
  /** Everything that is wrong with it for a view of this entity, which may be wrong itself. */
  problems(view: { readonly entity: Entity }): readonly SourceProblem[];
}

export interface SourceProblem {
  /** Below the source, as in its manifest: `['extensions', 0]`. */
  readonly path: readonly (string | number)[];
  readonly detail: string;
}
