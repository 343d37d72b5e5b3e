import { expect, test } from 'vitest';
import { drawPicture } from './draw-picture.ts';

const textOf = (svg: string): string[] =>
  [...svg.matchAll(/<text [^>]*>(.*?)<\/text>/g)].map(([, inner]) =>
    String(inner).replaceAll(/<[^>]*>/g, ''),
  );

test('keeps colours, and what XML would take for its own', () => {
  const svg = drawPicture(
    '\u001B[1m\u001B[36m3  Backfill\u001B[39m\u001B[22m\n   \u001B[32m✓\u001B[39m <a> & b',
  );
  expect(svg).toContain('<tspan fill="#7fd5ea" font-weight="bold">3  Backfill</tspan>');
  expect(textOf(svg)).toEqual(['3  Backfill', '   ✓ &lt;a&gt; &amp; b']);
});

test('leaves progress out, cuts long lines and long lists, and says so', () => {
  const list = Array.from({ length: 9 }, (_, i) => `  { "ref": "view:f${i}" }`);
  const lines = textOf(
    drawPicture(['x'.repeat(200), '   ad_text   96/210 rows  6 rows/s', ...list].join('\n')),
  );
  expect(lines[0]).toBe(`${'x'.repeat(131)}…`);
  expect(lines).toHaveLength(1 + 6 + 1);
  expect(lines.at(-1)?.trim()).toBe('… 3 more');
});
