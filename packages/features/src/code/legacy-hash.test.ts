import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLegacyHasher } from './legacy-hash.ts';

const CONFIG = `
import { entity, f, featureView, onDemandFeatureView as onDemand, project, sqlSource } from 'larder';
import { rate } from './rate.ts';

const ad = entity('ad', { ad_id: f.string() });
export const stats = featureView('stats', { version: 1, entity: ad, ttl: '7d', source: sqlSource({ connection: 'ads', query: 'select 1' }), schema: { clicks: f.float32().default(0) } });

const FLOOR = 0.001;
const unused = Math.random();
const clamp = (value: number): number => Math.max(value, FLOOR);

export const arrow = onDemand('arrow', {
  features: [stats],
  schema: { rate: f.float32() },
  compute: ({ features }) => ({ rate: clamp(rate(features.stats.clicks)) }),
});
export const method = onDemand('method', { schema: { one: f.float32() }, compute() { return { one: FLOOR }; } });
export const named = onDemand('named', { schema: { rate: f.float32() }, compute: rate });
const make = (name: string) => onDemand(name, { schema: { made: f.float32() }, compute: () => ({ made: 1 }) });
export const made = make('made');
export default project('ads');
`;
const RATE = `
import { scale } from './scale.ts';
// Clicks of a thousand.
export function rate(clicks: number): number {
  const part = clicks / 1000;
  return scale(part);
}
export const other = 1;
`;
const SCALE = 'export const scale = (value: number): number => value * 2;\n';
const VIEWS = ['arrow', 'method', 'named', 'made'] as const;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-code-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Change = readonly [from: string, to: string];

/** Hashes of the four views after changes to config, rate and scale. */
async function hashes(
  changes: { config?: readonly Change[]; rate?: readonly Change[]; scale?: readonly Change[] } = {},
) {
  const files = {
    'larder.config.ts': [CONFIG, changes.config],
    'rate.ts': [RATE, changes.rate],
    'scale.ts': [SCALE, changes.scale],
  } as const;
  for (const [name, [text, edits = []]] of Object.entries(files))
    await writeFile(join(folder, name), edits.reduce(edit, text));
  const hasher = createLegacyHasher(join(folder, 'larder.config.ts'));
  const sums = await Promise.all(VIEWS.map((name) => hasher.hashOnDemand(name)));
  return Object.fromEntries(VIEWS.map((name, i) => [name, sums[i] as string])) as Record<
    (typeof VIEWS)[number],
    string
  >;
}

function edit(text: string, [from, to]: Change): string {
  if (!text.includes(from)) throw new Error(`'${from}' is not in the text.`);
  return text.replace(from, to);
}

describe('the hash of an on-demand function', () => {
  test('is a SHA-256, another one for each function', async () => {
    const all = Object.values(await hashes());
    for (const sum of all) expect(sum).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(all).size).toBe(all.length);
  });

  test('is the one that the release before gave, also under the new name of the package', async () => {
    const before = {
      arrow: '450176d5819272c88990d64b10be6591fbafd7b8ac97d8a9d9f70a4071aefb7c',
      method: '6202017d6d31038148d2374197059de70d65eb576bad48edaa0be5f03ac073a3',
      named: 'bd8b852d2a355766d584a99610135c50cd97f2396f16b1b26f6142a318521f36',
      made: '73714fbe917578d1beaabb114891bf2f9d54c73086c2f04b238d64910099dbc9',
    };
    expect(await hashes()).toEqual(before);
    expect(await hashes({ config: [["from 'larder'", "from 'larderjs'"]] })).toEqual(before);
  });

  test.each([
    ['comments', { rate: [['// Clicks of a thousand.', '/* Clicks. */']] }],
    [
      'whitespace',
      { config: [['({ features }) => ({', '( { features } ) =>\n  ({']], scale: [[' * ', '*']] },
    ],
    ['types', { rate: [['(clicks: number): number', '(clicks: number)']] }],
  ] as const)('does not change with %s', async (_, changes) => {
    expect(await hashes(changes)).toEqual(await hashes());
  });

  test.each([
    ['the TTL of a view that it reads', { config: [["ttl: '7d'", "ttl: '1d'"]] }],
    ['another import', { config: [['import { rate }', "import { tools } from 'tools';\nimport { rate }"]] }],
    [
      'another definition',
      {
        config: [
          ['export default', "export const user = entity('user', { user_id: f.string() });\nexport default"],
        ],
      },
    ],
    ['something else in a file that it imports', { rate: [['other = 1', 'other = 2']] }],
  ] as const)('does not change with %s', async (_, changes) => {
    const { made: __, ...after } = await hashes(changes);
    const { made: ___, ...before } = await hashes();
    expect(after).toEqual(before);
  });

  test('changes with its own text', async () => {
    const before = await hashes();
    const after = await hashes({ config: [['clamp(rate(', 'clamp(2 * rate(']] });
    expect(after.arrow).not.toBe(before.arrow);
    expect([after.method, after.named]).toEqual([before.method, before.named]);
  });

  test('changes with a constant that it reaches, through a function beside it', async () => {
    const before = await hashes();
    const after = await hashes({ config: [['FLOOR = 0.001', 'FLOOR = 0.002']] });
    expect(after.arrow).not.toBe(before.arrow);
    expect(after.method).not.toBe(before.method);
    expect(after.named).toBe(before.named);
  });

  test('changes with what it imports over two files', async () => {
    const before = await hashes();
    const after = await hashes({ scale: [['value * 2', 'value * 3']] });
    expect(after.arrow).not.toBe(before.arrow);
    expect(after.named).not.toBe(before.named);
    expect(after.method).toBe(before.method);
  });

  test('covers the whole project where a factory makes the view', async () => {
    const before = await hashes();
    expect((await hashes({ config: [['made: 1 }', 'made: 2 }']] })).made).not.toBe(before.made);
    expect((await hashes({ scale: [['value * 2', 'value * 3']] })).made).not.toBe(before.made);
  });
});

describe('the hash of a module', () => {
  test('covers what its exports reach, and no other definitions', async () => {
    await hashes();
    const words = join(folder, 'words.ts');
    const hash = () => createLegacyHasher(join(folder, 'larder.config.ts')).hashModule(words);
    const text = `import { defineComputation } from 'larder';\nimport { rate } from './rate.ts';\nexport default defineComputation((rows) => rows.map(() => ({ values: { rate: rate(1) } })));\n`;
    await writeFile(words, text);
    const before = await hash();
    await writeFile(words, `// A comment.\n${text}const unused = 1;\n`);
    expect(await hash()).toBe(before);
    await writeFile(words, text.replace('rate(1)', 'rate(2)'));
    expect(await hash()).not.toBe(before);
    await writeFile(words, text);
    await hashes({ scale: [['value * 2', 'value * 3']] });
    expect(await hash()).not.toBe(before);
  });

  test('fails with the file and line when a module cannot be read', async () => {
    await hashes();
    await writeFile(join(folder, 'broken.ts'), 'export default {');
    const hasher = createLegacyHasher(join(folder, 'larder.config.ts'));
    await expect(hasher.hashModule(join(folder, 'broken.ts'))).rejects.toThrow(/broken\.ts/);
  });
});
