import type { Logger } from '@larder/core';
import type { Artifact } from '../artifact/artifact.ts';
import type { FieldValue, JsonValue, T } from '../definition/field.ts';
import type { ValueMemory } from './value-memory.ts';

/** One row of a source: the columns by name, as the source returned them. */
export type SourceRow = Readonly<Record<string, unknown>>;

/** Result for one source row: feature values by name, or why there are none. */
export type RowOutcome<Values = Readonly<Record<string, FieldValue | null>>> =
  | { readonly values: Values }
  | { readonly failure: RowFailure };

export interface RowFailure {
  /** Stable and machine-readable: `PICTURE_TOO_LARGE`, `PICTURE_NOT_FOUND`. */
  readonly code: string;
  /** A sentence for a person: what was wrong and what to do. */
  readonly reason: string;
  /** True when trying again later may help (a timeout, a 503). */
  readonly retryable: boolean;
}

/** A running computation: lives in one worker thread, keeps its models loaded between calls. */
export interface Computation<Row = SourceRow, Outcome = RowOutcome> {
  /**
   * One outcome per row, in the order of the rows. Fails only when no row could have succeeded. The signal is aborted
   * when the batch runs out of time: finished rows are kept if the others get a failure each.
   * @param memory absent outside workers, and in those that remember nothing
   */
  compute(rows: readonly Row[], signal: AbortSignal, memory?: ValueMemory): Promise<Outcome[]>;
  close(): Promise<void>;
}

/** Downloads that the computations of one worker process share. */
export interface SharedBytes {
  /**
   * Returns the bytes that another view has just fetched under the key, or the result of `fetch`; of concurrent callers
   * one fetches and the others wait. A view that asks a second time gets fresh bytes, so that a forced backfill never
   * sees old ones. Errors of `fetch` are thrown only to this caller.
   */
  get(key: string, fetch: () => Promise<Buffer>, signal: AbortSignal): Promise<Buffer>;
}

export interface ComputationContext<Artifacts extends string = string> {
  readonly options: Readonly<Record<string, JsonValue>>;
  /** Absolute folders of the artifacts by the name the descriptor gave them. */
  readonly artifactPaths: Readonly<Record<Artifacts, string>>;
  /** Hosts that pictures may come from, as in `project(…, { allowedHosts })`. */
  readonly allowedHosts: readonly string[];
  readonly logger: Logger;
  /** Absent outside workers: everything is fetched. */
  readonly sharedBytes?: SharedBytes;
}

/**
 * What the module of a computation exports. `computeWith` takes the columns it reads, the artifacts it opens and the values
 * it returns from the types of `createComputation`; those left at their defaults are checked only when it runs.
 */
export interface ComputationModule<Row = SourceRow, Outcome = RowOutcome, Artifacts extends string = string> {
  createComputation(context: ComputationContext<Artifacts>): Promise<Computation<Row, Outcome>>;
}

/**
 * An expensive computation as data. `load` imports what it needs (sharp, ONNX Runtime) only when a worker first
 * runs it, so that planning, the CLI and the types stay light; it never enters the manifest.
 */
export interface ComputeDescriptor<out Values = unknown, out Row = unknown> {
  readonly kind: string;
  readonly options: Readonly<Record<string, JsonValue>>;
  readonly artifacts: Readonly<Record<string, Artifact>>;
  /** Absolute `file:` URL of the user's own module; its minified bundle is part of the fingerprint. */
  readonly codeUrl?: string;
  readonly load: () => Promise<ComputationModule>;
  /** Unknown: checked only when it runs. */
  readonly [T]?: { readonly values: Values; readonly row: Row };
}
