import type { ContentValidators } from '@larder/features';
import type { BatchMemory } from './batch-memory.ts';

/** A thread's request; `id` is chosen by the thread. Values are as `v8.serialize` writes them. */
export type MemoryRequest = { readonly id: number; readonly batch: BatchMemory } & (
  | { readonly recall: readonly string[] }
  | { readonly valuesOf: Uint8Array }
  | { readonly remember: readonly SentContent[] }
);

export interface SentContent {
  readonly address: string;
  readonly sha256: Uint8Array;
  readonly answer: { readonly validators: ContentValidators | null } | null;
  readonly values: Uint8Array | null;
  readonly keyHashes: readonly Uint8Array[];
}

export interface RecalledAddress {
  readonly address: string;
  readonly sha256: Uint8Array;
  readonly validators: ContentValidators | null;
  readonly isCurrent: boolean;
  readonly values: Uint8Array | null;
}

/** Exactly one answers each request; a request that failed is answered as if nothing were known. */
export type MemoryAnswer = { readonly id: number } & (
  | { readonly recalled: readonly RecalledAddress[] }
  | { readonly values: Uint8Array | null }
  | { readonly remembered: true }
);
