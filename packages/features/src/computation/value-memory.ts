import type { FieldValue } from '../definition/field.ts';

type Values = Readonly<Record<string, FieldValue | null>>;

/** What a host said of a content, to ask it later whether it has changed (ETag, Last-Modified). */
export interface ContentValidators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** What an address last answered. */
export interface RememberedContent {
  /** Of the content. */
  readonly sha256: Uint8Array;
  /** Null: the host gave none. */
  readonly validators: ContentValidators | null;
  /** True when this run has asked the address a short time ago: it need not ask again. */
  readonly isCurrent: boolean;
  /** What this computation made of the content; null: it is not known. */
  readonly values: Values | null;
}

/** A content that rows of a batch used. */
export interface UsedContent {
  readonly address: string;
  readonly sha256: Uint8Array;
  /** The host's answer about it; null: the host was not asked. */
  readonly answer: { readonly validators: ContentValidators | null } | null;
  /** Null: they came from the memory. */
  readonly values: Values | null;
  /** Indexes of the rows in their batch. */
  readonly rows: readonly number[];
}

/**
 * What a worker remembers of contents, and of the values that this computation made of them, for the rows of one batch.
 * It never fails and never outlasts the batch: what it cannot find out is unknown. A forced run recalls only values that
 * it has computed itself.
 */
export interface ValueMemory {
  /** Addresses of which nothing is known are left out. */
  recall(addresses: readonly string[]): Promise<ReadonlyMap<string, RememberedContent>>;
  valuesOf(sha256: Uint8Array): Promise<Values | null>;
  /** Resolves when others can recall them. */
  remember(contents: readonly UsedContent[]): Promise<void>;
}
