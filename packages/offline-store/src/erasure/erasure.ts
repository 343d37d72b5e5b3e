import type { EntityManifest, FieldValue } from '@larder/features';

/** A key that is being erased; `keyHash` identifies it once it is gone. */
export interface Erasure {
  readonly receiptId: string;
  readonly project: string;
  readonly entity: EntityManifest;
  /** Canonical. */
  readonly entityKey: string;
  readonly keys: Readonly<Record<string, FieldValue>>;
  readonly keyHash: Buffer;
}

/** What still holds the key, outside of what Larder can delete. */
export interface StillHeld {
  /** A training set, by id; an archive that could not be reached, by its folder. */
  readonly kind: 'training_set' | 'archive';
  readonly id: string;
  readonly host: string | null;
  readonly folder: string | null;
  readonly created_at: string | null;
}

export interface Receipt {
  readonly receiptId: string;
  readonly entity: string;
  /** Hexadecimal. */
  readonly keyHash: string;
  readonly status: 'running' | 'complete';
  readonly actor: string;
  readonly reason: string | null;
  /** By place, how much was removed. */
  readonly removed: Readonly<Record<string, number>>;
  readonly stillHeld: readonly StillHeld[];
  readonly requestedAt: Date;
  readonly completedAt: Date | null;
  /** The key was allowed again after it; null: it was not. */
  readonly allowedAgain: {
    readonly at: Date;
    readonly actor: string;
    readonly reason: string | null;
  } | null;
  /** Why the last attempt stopped; null while it runs and once it is complete. */
  readonly error: { readonly code: string; readonly reason: string } | null;
}
