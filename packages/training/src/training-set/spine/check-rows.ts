import { LarderError } from '@larder/core';
import type { Duckdb } from '@larder/archive';
import type { LoadedSpine, SpineFile } from './load-spine.ts';
import type { PlannedColumn } from './spine-column.ts';

export interface CheckRowsOptions {
  readonly file: SpineFile;
  readonly columns: readonly PlannedColumn[];
  readonly time: PlannedColumn;
  readonly latest: Date;
}

interface Check {
  readonly column: string;
  readonly when: string;
  readonly detail: string;
}

const MAX_PROBLEMS = 10;

/** Checks every value that the build uses, in one pass. @throws SPINE_INVALID that names row and column */
export async function checkRows(
  duckdb: Duckdb,
  { file, columns, time, latest }: CheckRowsOptions,
): Promise<Omit<LoadedSpine, 'columns'>> {
  const checks = columns.flatMap((column): Check[] => {
    if (column.field === null) return [];
    const empty = {
      column: column.name,
      when: `${column.given} is null`,
      detail: `is empty; ${column.must}`,
    };
    if (column.bad === null) return [empty];
    return [
      empty,
      {
        column: column.name,
        when: `${column.given} is not null and (${column.bad})`,
        detail: column.must,
      },
    ];
  });
  checks.push({
    column: time.name,
    when: `${time.value} > make_timestamptz(${latest.getTime() * 1_000})`,
    detail: 'is in the future; a training set holds what was known by then',
  });
  const found = checks.flatMap(({ when }, i) => [
    `min(row) filter (where ${when}) as first_${i}`,
    `count(*) filter (where ${when}) as count_${i}`,
  ]);
  const zoneless = time.zoneless === null ? 'false' : `coalesce(bool_or(${time.zoneless}), false)`;
  const [summary] = await duckdb.all<Record<string, unknown>>(
    `select count(*) as rows, ${zoneless} as zoneless, epoch_ms(min(${time.value})) as first_ms, epoch_ms(max(${time.value})) as last_ms, ${found.join(', ')} from given`,
  );
  const rows = Number(summary?.['rows'] ?? 0);
  if (rows === 0) throw new LarderError('SPINE_INVALID', `${file.called} has no rows.`);
  const problems = checks.flatMap(({ column, detail }, i) => {
    const count = Number(summary?.[`count_${i}`]);
    if (count === 0) return [];
    const row = Number(summary?.[`first_${i}`]) + 1;
    return [
      { pointer: `/rows/${row}/${column}`, text: `row ${row}, ${column} ${detail}${also(count)}`, detail },
    ];
  });
  if (problems.length > 0) {
    const shown = problems.slice(0, MAX_PROBLEMS);
    throw new LarderError(
      'SPINE_INVALID',
      `${file.called}: ${shown.map(({ text }) => text).join('\n')}${problems.length > shown.length ? '\n…' : ''}\nRows are counted from 1, without the header.`,
      { errors: shown.map(({ pointer, detail }) => ({ pointer, detail })) },
    );
  }
  return {
    rows,
    from: new Date(Number(summary?.['first_ms'])),
    to: new Date(Number(summary?.['last_ms'])),
    utcAssumed: summary?.['zoneless'] === true,
  };
}

function also(count: number): string {
  return count === 1 ? '' : ` (and ${count - 1} more rows)`;
}
