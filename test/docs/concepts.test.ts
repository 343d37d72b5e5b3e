import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDER = resolve(ROOT, 'docs/concepts');

/** Every term of Larder's vocabulary. */
const WORDS = [
  'API key',
  'Alias',
  'Backfill',
  'Chain',
  'Change',
  'Entity',
  'Event source',
  'Feature view',
  'Field',
  'Freshness',
  'Gone key',
  'Join key',
  'Label',
  'Landing',
  'Manifest',
  'Materialize',
  'Model',
  'Model version',
  'On-demand feature view',
  'Plan and apply',
  'Point-in-time join',
  'Post-processing',
  'Precomputed prediction',
  'Push',
  'Request field',
  'Retention',
  'Run and chunk',
  'Schedule',
  'Skew',
  'Source',
  'Spine',
  'TTL',
  'The four times',
  'Training set',
  'Value memory',
  'Window',
];

const pages = readdirSync(FOLDER)
  .filter((name) => name !== 'README.md')
  .map((name) => ({ name, text: readFileSync(resolve(FOLDER, name), 'utf8') }));
const index = readFileSync(resolve(FOLDER, 'README.md'), 'utf8');

test('every word has its page, and every page is of a word', () => {
  const titles = pages.map(({ text }) => /^# (.+)$/m.exec(text)?.[1] ?? '');
  expect(titles.toSorted()).toEqual(WORDS);
});

test('the index has every page under its word', () => {
  const listed = [...index.matchAll(/^- \[(.+)\]\((.+)\): \S/gm)].map(([, word, name]) => ({ word, name }));
  const expected = pages.map(({ name, text }) => ({ word: /^# (.+)$/m.exec(text)?.[1], name }));
  const byName = (a: { readonly name?: string | undefined }, b: { readonly name?: string | undefined }) =>
    (a.name ?? '') < (b.name ?? '') ? -1 : 1;
  expect(listed.toSorted(byName)).toEqual(expected.toSorted(byName));
});

describe.each(pages)('$name', ({ text }) => {
  test('quotes examples/ads verbatim', () => {
    const blocks = [...text.matchAll(/```ts\n([^]*?)```/g)];
    const quotes = [...text.matchAll(/^From \[`(.+)`\]\(\.\.\/\.\.\/(.+)\):\n\n```ts\n([^]*?)```/gm)];
    expect(quotes).toHaveLength(blocks.length);
    for (const [, shown, path = '', code = ''] of quotes) {
      expect(shown).toBe(path);
      expect(path).toMatch(/^examples\/ads\//);
      expect(readFileSync(resolve(ROOT, path), 'utf8')).toContain(code);
    }
  });

  test('links to files that exist', () => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !/^https?:/.test(link) && !existsSync(resolve(FOLDER, link)))).toEqual([]);
  });
});
