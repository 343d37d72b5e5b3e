import { LarderError } from '@larder/core';
import type { LoadedView } from '../run-store.ts';

/** So few keys are never held: a small source loses more than a small share with one row. */
const ALWAYS_ALLOWED = 10;

interface Counted {
  readonly gone: number;
  /** Keys that the source returned. */
  readonly seen: number;
  /** Declared share of all keys. */
  readonly atMost: number;
}

/** Why a person must confirm that these keys end, and how; null: the view allows it. */
export function heldReason(
  { view, version, runId }: LoadedView & { readonly runId: string },
  { gone, seen, atMost }: Counted,
): LarderError | null {
  const all = gone + seen;
  if (gone === 0 || atMost >= 1) return null;
  if (seen > 0 && gone <= Math.max(ALWAYS_ALLOWED, atMost * all)) return null;
  const what =
    seen === 0
      ? `The source returned no rows, and history has ${count(gone)} keys`
      : `The source no longer has ${count(gone)} of ${count(all)} keys (${percent(gone / all)}); ${view}@${version} lets a run end ${percent(atMost)}`;
  return new LarderError(
    'GONE_KEYS_HELD',
    `${what}. None of them has ended; everything else of the run is in place. If they are really gone, end them: larder runs ${runId} resume. If the source is wrong: larder runs ${runId} cancel`,
  );
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))}%`;
}
