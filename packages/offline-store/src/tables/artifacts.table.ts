import type { ColumnType, Generated } from 'kysely';

/** Bytes in the artifact store, addressed by their SHA-256. */
export interface ObjectsTable {
  sha256: string;
  size_bytes: number;
  backend: 'postgresql' | 's3';
  created_at: Generated<Date>;
  /** When something referred to it last; collected only a grace period later. */
  touched_at: Generated<Date>;
}

/** Parts of 1 MiB; only of objects whose backend is PostgreSQL. */
export interface ObjectPartsTable {
  sha256: string;
  part: number;
  bytes: Buffer;
}

/** Folders by `hashArtifact`. */
export interface ArtifactsTable {
  sha256: string;
  /** `[{path, size_bytes, sha256}]`; each file is an object. */
  files: ColumnType<unknown, string, string>;
  created_at: Generated<Date>;
  touched_at: Generated<Date>;
}
