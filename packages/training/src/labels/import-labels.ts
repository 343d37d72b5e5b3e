import { dirname } from 'node:path';
import { openDuckdb, refuseDeepJson, scanFile } from '@larder/archive';
import type { ErrorCode, ErrorDetail } from '@larder/core';
import type { UnreadableLabel } from '@larder/offline-store';
import { readLabelRows, type LabelFile, type LabelMembers } from './read-label-rows.ts';

/** The members of a label in `POST /v1/labels`, or why a row of the file has none. */
export type UntakenLabel = LabelMembers | UnreadableLabel;

export interface LabelsTaken {
  readonly stored: number;
  readonly known: number;
  /** Pointers are of the label alone. */
  readonly refused: readonly {
    readonly index: number;
    readonly code: ErrorCode;
    readonly errors: readonly ErrorDetail[];
  }[];
}

export interface ImportLabelsDeps {
  /** Stores a batch, each label for itself. */
  take(labels: readonly UntakenLabel[]): Promise<LabelsTaken>;
}

export interface ImportOptions {
  readonly signal?: AbortSignal;
  onProgress?(progress: { readonly done: number; readonly total: number }): void;
}

export interface RefusedRow {
  /** From 1, without the header. */
  readonly row: number;
  readonly event_id: string;
  readonly code: ErrorCode;
  readonly errors: readonly ErrorDetail[];
}

export interface ImportedLabels {
  readonly rows: number;
  readonly stored: number;
  /** On record already, with the same content. */
  readonly known: number;
  readonly refused: number;
  readonly refused_by_code: Readonly<Record<string, number>>;
  /** The first of them. */
  readonly refusals: readonly RefusedRow[];
}

const BATCH_ROWS = 1_000;
const MAX_REFUSALS = 100;

/**
 * Adds the labels of a file, in transactions of a thousand rows. Stopped anywhere and started again, it adds what is
 * missing: the events are on record.
 * @throws DATA_FILE_INVALID
 */
export async function importLabels(
  { take }: ImportLabelsDeps,
  file: LabelFile,
  { signal, onProgress }: ImportOptions = {},
): Promise<ImportedLabels> {
  const sum = { rows: 0, stored: 0, known: 0, refused: 0 };
  const byCode: Record<string, number> = {};
  const refusals: RefusedRow[] = [];
  // One thread reads rows in their order, which refusals name.
  const duckdb = await openDuckdb({ folders: [dirname(file.path)], threads: 1, ...(signal && { signal }) });
  try {
    if (file.format === 'json') await refuseDeepJson(file.path, file.called);
    const what = `Reading ${file.called}`;
    const [counted] = await duckdb.all<{ n: bigint }>(`select count(*) as n from ${scanFile(file)}`, {
      what,
    });
    const total = Number(counted?.n ?? 0);
    for await (const batch of batches(readLabelRows(duckdb, file))) {
      signal?.throwIfAborted();
      const taken = await take(batch.map((members) => withValue(members) ?? members));
      sum.rows += batch.length;
      sum.stored += taken.stored;
      sum.known += taken.known;
      sum.refused += taken.refused.length;
      for (const { index, code, errors } of taken.refused) {
        byCode[code] = (byCode[code] ?? 0) + 1;
        if (refusals.length < MAX_REFUSALS)
          refusals.push({
            row: sum.rows - batch.length + index + 1,
            event_id: String(batch[index]?.['event_id']),
            code,
            errors,
          });
      }
      onProgress?.({ done: sum.rows, total });
    }
  } finally {
    await duckdb.close();
  }
  return { ...sum, refused_by_code: byCode, refusals };
}

/** An empty cell must not take back what is known: a row that takes back says what. */
function withValue({ value, corrects }: LabelMembers): UnreadableLabel | null {
  if (value !== null || corrects !== undefined) return null;
  return {
    errors: [
      { pointer: '/value', detail: "is missing; a row that takes back an event names it in 'corrects'" },
    ],
  };
}

async function* batches(groups: AsyncGenerator<LabelMembers[]>): AsyncGenerator<LabelMembers[]> {
  for await (const group of groups)
    for (let start = 0; start < group.length; start += BATCH_ROWS)
      yield group.slice(start, start + BATCH_ROWS);
}
