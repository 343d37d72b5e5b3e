import type { Generated } from 'kysely';

/** A folder of Parquet files, known by the id in its `_larder.json`: it may be mounted elsewhere. */
export interface ArchivesTable {
  archive_id: string;
  project: string;
  /** Host that created it, and the folder's path there. */
  host: string;
  folder: string;
  created_at: Generated<Date>;
}

export interface ArchiveViewsTable {
  archive_id: string;
  view: string;
  version: number;
  entity: string;
  /** Increases with every change of the files; whoever changes them names the one that it started from. */
  generation: Generated<number>;
  /** The files hold the rows of the changes up to this position of this feed; null: nothing is archived. */
  feed_id: string | null;
  position: number | null;
  /** Keys whose tombstones are older are not in the files. */
  erased_until: Date | null;
  archived_at: Date | null;
}

export interface ArchiveFilesTable {
  archive_id: string;
  view: string;
  version: number;
  /** Relative to the archive's folder. */
  path: string;
  /** UTC month of the event timestamps: `2026-11`. */
  month: string;
  rows: number;
  size_bytes: number;
  /** Where the file still is, relative to the archive's folder; null: at `path`. */
  staged_as: string | null;
  /** No longer part of the archive, and to be deleted. */
  removed: Generated<boolean>;
}
