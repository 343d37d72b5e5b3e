import type { Clock, Logger } from '@larder/core';
import type { JsonValue, Manifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';

export interface InspectDeps {
  readonly onlineStore: Pick<OnlineStore, 'inspect'>;
  readonly offlineStore: Pick<OfflineStore, 'db'>;
  /** The applied definitions; if nothing is applied, the loaded ones. */
  readonly manifest: Manifest;
  readonly clock: Clock;
  /** Told of an inspection that could not be recorded in the audit. @default nobody is */
  readonly logger?: Pick<Logger, 'warn'>;
}

/** Everything the online store holds for one entity; JSON of the HTTP API. */
export interface InspectedEntity {
  readonly entity: string;
  /** Canonical, escaped. */
  readonly key: string;
  readonly join_keys: Readonly<Record<string, JsonValue>>;
  readonly redis_key: string;
  /** Memory that the whole key uses in Redis. */
  readonly memory_bytes: number;
  /** When Redis frees the memory; null: never. */
  readonly expires_at: string | null;
  /** False: PostgreSQL did not answer; run, chunk, landed_at and online_at are unknown. */
  readonly history_available: boolean;
  readonly views: InspectedView[];
  /** Applied view versions of the entity that the online store holds no row of, and why. */
  readonly missing: MissingView[];
}

/** Why there is no row, as far as runs and history tell; the first that applies. */
export type MissingReason =
  | 'erased'
  | 'no_events'
  | 'gone'
  | 'unknown'
  | 'landing'
  | 'lost'
  | 'failed'
  | 'expired'
  | 'running'
  | 'not_in_source'
  | 'not_in_scope'
  | 'never_filled';

export interface MissingView {
  readonly ref: string;
  readonly view: string;
  readonly version: number;
  readonly reason: MissingReason;
  /** The reason in words, with what to do. */
  readonly detail: string;
  /** The newest failure of this key that is still on record. */
  readonly failure: MissingFailure | null;
}

export interface MissingFailure {
  readonly run_id: string;
  readonly code: string;
  readonly reason: string;
  /** False: computing the same input again fails the same way. */
  readonly retryable: boolean;
  readonly attempts: number;
  readonly failed_at: string;
  /** When the run retries the row by itself; null: it does not. */
  readonly retry_at: string | null;
}

/** One view version of the entity, joined with the history row that it came from. */
export interface InspectedView {
  readonly ref: string;
  readonly view: string;
  readonly version: number;
  /** `NOT_LOADED`: no definition of this version and schema is known, so the values cannot be read. `UNREADABLE`: damaged. */
  readonly status: 'PRESENT' | 'OUTSIDE_MAX_AGE' | 'NOT_LOADED' | 'UNREADABLE';
  readonly event_timestamp: string;
  readonly created_timestamp: string;
  /** Null: history has no such row, or cannot be read now. */
  readonly landed_at: string | null;
  /** When the online store confirmed the rows of its chunk. Null: unknown like `landed_at`, or not confirmed yet. */
  readonly online_at: string | null;
  readonly revision: number;
  readonly age_ms: number;
  readonly ttl_ms: number | 'forever' | null;
  /** Null: forever, or not loaded. */
  readonly ttl_left_ms: number | null;
  /** Of the view as a whole; null: none, or not loaded. */
  readonly freshness_objective_ms: number | null;
  readonly size_bytes: number;
  /** `chunk_id` is null for windows that a run of several chunks changed last. */
  readonly written_by: { readonly run_id: string; readonly chunk_id: number | null } | null;
  /** Of a windowed view as they are now. */
  readonly values: Readonly<Record<string, JsonValue>> | null;
  /** Absent: no windowed view, or its row cannot be read. */
  readonly windows?: InspectedWindow[];
}

/** The tiles of one window that count now. */
export interface InspectedWindow {
  readonly window: string;
  readonly window_ms: number;
  readonly hop_ms: number;
  readonly tiles: number;
  /** When the oldest of them begins; null: there are none. */
  readonly oldest_tile: string | null;
}
