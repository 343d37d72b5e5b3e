import type { WindowedManifest } from '@larder/features';
import type { InspectedView } from '@larder/serving';
import type { Output } from './output.ts';
import { printableInstant, printableValue } from './printable.ts';
import { table } from './table.ts';

/** Prints the values of a windowed view, a line for each aggregate and a column for each window, and the tiles behind them. */
export function printWindows(view: InspectedView, { aggregates }: WindowedManifest, out: Output): void {
  const { style, columns } = out;
  const windows = view.windows ?? [];
  const valueOf = (feature: string) => printableValue(undefined, view.values?.[feature] ?? null, columns);
  const lines = table(
    [{ title: '' }, ...windows.map(({ window }) => ({ title: window, align: 'right' as const }))],
    [
      ...aggregates.map(({ name }) => [
        name,
        ...windows.map(({ window }) => style.cyan(valueOf(`${name}_${window}`))),
      ]),
      ['tiles', ...windows.map(({ tiles }) => String(tiles))],
    ],
  );
  for (const line of lines) out.line(`    ${line}`);
  for (const { window, oldest_tile: oldest } of windows)
    if (oldest !== null)
      out.line(style.dim(`    ${window}: oldest events in the tile from ${printableInstant(oldest)}`));
}
