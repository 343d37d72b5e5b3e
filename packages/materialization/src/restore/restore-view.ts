import { systemClock, type Clock } from '@larder/core';
import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { readNewestRowsPage, type OfflineStore } from '@larder/offline-store';
import type { OnlineRow, OnlineStore, WriteOutcome } from '@larder/online-store';
import { compileRowPacker, type PackedPage } from './pack-rows.ts';

export interface RestoreViewOptions {
  readonly store: Pick<OfflineStore, 'pool'>;
  readonly onlineStore: Pick<OnlineStore, 'write'>;
  readonly manifest: Manifest;
  /** Not a windowed one. */
  readonly view: FeatureViewManifest;
  /** Only rows that landed since. @default all rows */
  readonly landedSince?: Date | null;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** Calls each step, and again after what passes by itself. @default once */
  readonly insist?: <T>(step: () => Promise<T>) => Promise<T>;
  /** Called before rows are written; delays them. @default not at all */
  readonly pace?: (rows: number) => Promise<void>;
  readonly onRows?: (rows: RestoredRows) => void;
}

/** Rows that were read from history, one per key, by what the online store did with them. */
export interface RestoredRows {
  readonly created: number;
  /** An older row was there, or the same. */
  readonly replaced: number;
  /** A newer row was there. */
  readonly stale: number;
  /** Their entities have a tombstone in Redis. */
  readonly erased: readonly string[];
}

/** Of PostgreSQL's answer, which is held twice: the page that is written, and the next one. */
const PAGE_BYTES = 4 << 20;
const MAX_PAGE_ROWS = 10_000;
const ROWS_PER_WRITE = 500;
const WRITES_IN_FLIGHT = 4;
/** Of a row without its features: keys, order, lengths. */
const ROW_OVERHEAD_BYTES = 100;

/**
 * Writes the newest row of every key to the online store, where the newest wins: safe beside landings, at any time, and as
 * often as wanted. Rows beyond the view's TTL are left out: reads would ignore them. Reads pages in the order of the keys, so
 * memory does not grow with the view.
 */
export async function restoreView(options: RestoreViewOptions): Promise<void> {
  const { store, manifest: project, view, signal, insist = (step) => step() } = options;
  const { clock = systemClock, landedSince = null } = options;
  const pack = compileRowPacker(project, view);
  const limit = pageRows(view);
  const notBeforeMs = view.ttl_ms === 'forever' ? null : clock.nowMs() - view.ttl_ms;
  const read = (after: readonly string[] | null): Promise<Buffer> => {
    const bytes = insist(() =>
      readNewestRowsPage(store, { project, view, after, limit, notBeforeMs, landedSince }),
    );
    // It is awaited after the writes of the page before; they may fail first.
    bytes.catch(() => {});
    return bytes;
  };
  let next = read(null);
  for (;;) {
    const page = pack(await next);
    if (page.lastKeys === null) return;
    const isLast = page.rows.length < limit;
    if (!isLast) next = read(page.lastKeys);
    await writePage(page, options, insist);
    signal?.throwIfAborted();
    if (isLast) return;
  }
}

function pageRows({ schema }: FeatureViewManifest): number {
  const bytes = schema.reduce((sum, { length = 1 }) => sum + 12 * length, ROW_OVERHEAD_BYTES);
  return Math.max(100, Math.min(MAX_PAGE_ROWS, Math.floor(PAGE_BYTES / bytes)));
}

async function writePage(
  { entityKeys, rows }: PackedPage,
  { onlineStore, view, pace, onRows, signal }: RestoreViewOptions,
  insist: <T>(step: () => Promise<T>) => Promise<T>,
): Promise<void> {
  const { entity, ttl_ms: ttlMs } = view;
  const ref = viewRef(view);
  const starts = Array.from(
    { length: Math.ceil(rows.length / ROWS_PER_WRITE) },
    (_, i) => i * ROWS_PER_WRITE,
  );
  const waiting = starts.values();
  const writeAll = async (): Promise<void> => {
    for (const start of waiting) {
      signal?.throwIfAborted();
      const page = rows.slice(start, start + ROWS_PER_WRITE);
      await pace?.(page.length);
      const written = page.map((row, i): OnlineRow => ({
        entity,
        entityKey: entityKeys[start + i] as string,
        viewRef: ref,
        ttlMs,
        row,
      }));
      const outcomes = await insist(() => onlineStore.write(written));
      onRows?.(counted(outcomes, written));
    }
  };
  await Promise.all(Array.from({ length: WRITES_IN_FLIGHT }, writeAll));
}

function counted(outcomes: readonly WriteOutcome[], rows: readonly OnlineRow[]): RestoredRows {
  const counts = { created: 0, replaced: 0, stale: 0 };
  const erased: string[] = [];
  for (const [i, outcome] of outcomes.entries())
    if (outcome === 'erased') erased.push((rows[i] as OnlineRow).entityKey);
    else counts[outcome]++;
  return { ...counts, erased };
}
