import { sql, type RawBuilder } from 'kysely';
import type { OfflineStore } from '@larder/offline-store';

/** The store itself or one of its transactions. */
export type RunStore = Pick<OfflineStore, 'db'>;

/** A view version that a process has loaded; runs of other fingerprints are left to other processes. */
export interface LoadedView {
  readonly view: string;
  readonly version: number;
  readonly fingerprint: string;
}

/** One attempt at a chunk. `attempt` is the fencing token: only the newest holder may write. */
export interface ChunkAttempt {
  readonly chunkId: number;
  readonly attempt: number;
}

/** `now()` plus a span; every lease is measured by PostgreSQL's clock alone. */
export function fromNow(ms: number): RawBuilder<Date> {
  return sql<Date>`now() + ${ms} * interval '1 millisecond'`;
}

/** Condition: the run (alias `r`) belongs to one of these views. */
export function isOneOf(views: readonly LoadedView[]): RawBuilder<boolean> {
  return sql<boolean>`(r.view, r.version, r.fingerprint) in (select * from unnest(
    ${views.map((view) => view.view)}::text[],
    ${views.map((view) => view.version)}::integer[],
    ${views.map((view) => view.fingerprint)}::text[]))`;
}
