import type { RotatedBox } from './rotated-box.ts';

/**
 * Orders boxes into rows from top to bottom, each from left to right. A box belongs to a row when its middle is within
 * the row's first box and vice versa: columns of a different size stay apart.
 */
export function readingOrder<Item extends { readonly box: RotatedBox }>(items: readonly Item[]): Item[][] {
  const rows: Item[][] = [];
  for (const item of items.toSorted((a, b) => a.box.centre.y - b.box.centre.y)) {
    const row = rows.find(([first]) => first !== undefined && sideBySide(first.box, item.box));
    if (row === undefined) rows.push([item]);
    else row.push(item);
  }
  return rows.map((row) => row.toSorted((a, b) => a.box.centre.x - b.box.centre.x));
}

function sideBySide(a: RotatedBox, b: RotatedBox): boolean {
  return Math.abs(a.centre.y - b.centre.y) < Math.min(a.height, b.height) / 2;
}
