import { stripVTControlCharacters } from 'node:util';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Longer texts end with an ellipsis. */
  readonly max?: number;
}

/** Rows in aligned columns under their titles; colours in cells do not count as width. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows].map((row) =>
    row.map((cell, i) => clip(cell, columns[i]?.max ?? Number.POSITIVE_INFINITY)),
  );
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => visibleWidth(row[i] ?? ''))));
  return cells.map((row) =>
    row
      .map((cell, i) => {
        const space = ' '.repeat((widths[i] as number) - visibleWidth(cell));
        return columns[i]?.align === 'right' ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd(),
  );
}

export function visibleWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** At most `max` characters of one line; a text that is cut loses its colours. */
export function clip(text: string, max: number): string {
  if (visibleWidth(text) <= max) return text;
  return `${stripVTControlCharacters(text).slice(0, Math.max(0, max - 1))}…`;
}
