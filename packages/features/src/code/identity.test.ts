import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { f } from '../definition/field.ts';
import { onDemandFeatureView } from '../on-demand/on-demand-feature-view.ts';
import type { FeatureView } from '../definition/feature-view.ts';
import { identityOfSources } from './identity-of-sources.ts';
import { readProjectCode } from './project-code.ts';

const CONFIG = `
import { computeWith, entity, f, featureView, onDemandFeatureView as onDemand, project, sqlSource } from 'larderjs';
import { rate } from './rate.ts';
import * as scales from './scales.ts';
import { small } from '#small';

const ad = entity('ad', { ad_id: f.string() });
export const stats = featureView('stats', { version: 1, entity: ad, ttl: '7d', source: sqlSource({ connection: 'ads', query: 'select 1' }), schema: { clicks: f.float32().default(0) } });

const FLOOR = 0.001;
const unused = Math.random();
const clamp = (value: number): number => Math.max(value, FLOOR);
console.log('loading', unused);

export const arrow = onDemand('arrow', {
  features: [stats],
  schema: { rate: f.float32() },
  compute: ({ features: { stats } }) => ({ rate: clamp(rate(stats.clicks)) }),
});
export const method = onDemand('method', { schema: { one: f.float32() }, compute() { return { one: FLOOR }; } });
export const named = onDemand('named', { schema: { rate: f.float32() }, compute: rate });
export const member = onDemand('member', { schema: { rate: f.float32() }, compute: ({ request }) => ({ rate: scales.linear(request.x) }) });
export const alias = onDemand('alias', { schema: { rate: f.float32() }, compute: () => ({ rate: small['some'] }) });
const make = (name: string) => onDemand(name, { features: [stats], schema: { made: f.float32() }, compute: () => ({ made: 1 }) });
export const made = make('made');
export default project('ads');
`;
const RATE = `
import { scale } from './scale.ts';
const table = new Map<string, number>();
function add(key: string, value: number) { table.set(key, value); }
add('a', 1);
// Clicks of a thousand.
export function rate(clicks: number): number {
  const part = clicks / 1000;
  return scale(part) + (table.get("a") ?? 0);
}
export const other = 1;
`;
const SCALE = 'export const scale = (value: number): number => value * 2;\n';
const SCALES = "export * from './more/curves.ts';\nexport const linear = (x: number) => x;\n";
const CURVES = 'export const log = (x: number) => Math.log(x);\n';
const FILES = {
  'larder.config.ts': CONFIG,
  'rate.ts': RATE,
  'scale.ts': SCALE,
  'scales.ts': SCALES,
  'more/curves.ts': CURVES,
  'small.json': '{"some": 1, "words": [1, 2]}',
  'package.json': '{"type": "module", "imports": {"#small": "./small.json"}}',
};
const VIEWS = ['arrow', 'method', 'named', 'member', 'alias', 'made'] as const;
type View = (typeof VIEWS)[number];
type Files = Record<string, string>;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-identity-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function codeOf(files: Files) {
  const root = await mkdtemp(join(folder, 'project-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  const made = onDemandFeatureView('made', { schema: { made: f.float32() }, compute: () => ({ made: 1 }) });
  return readProjectCode({
    root,
    configPath: join(root, 'larder.config.ts'),
    exports: { made },
    featureViews: [],
    onDemandFeatureViews: VIEWS.map((name) => ({ name })),
  });
}

/** Identities of the views; those of their stored sources are the same. */
async function identitiesOf(files: Files): Promise<Record<View, string>> {
  const { onDemand } = await codeOf(files);
  const identities: Partial<Record<View, string>> = {};
  for (const view of VIEWS) {
    const unit = onDemand.get(view);
    if (unit === undefined) throw new Error(`${view} has no code.`);
    const sources = JSON.parse(JSON.stringify(await unit.sources())) as Awaited<
      ReturnType<typeof unit.sources>
    >;
    expect(await identityOfSources(sources)).toBe(unit.identity);
    identities[view] = unit.identity;
  }
  return identities as Record<View, string>;
}

function edited(edits: Record<string, readonly (readonly [from: string | RegExp, to: string])[]>): Files {
  const files: Files = { ...FILES };
  for (const [name, changes] of Object.entries(edits))
    for (const [from, to] of changes) {
      const text = files[name] ?? '';
      const next = text.replace(from, to);
      if (next === text) throw new Error(`'${String(from)}' is not in ${name}.`);
      files[name] = next;
    }
  return files;
}

function moved(from: string, to: string, files: Files): Files {
  const { [from]: text = '', ...rest } = files;
  return { ...rest, [to]: text };
}

describe('the identity of an on-demand function', () => {
  test('names its algorithm, and is another one for each function', async () => {
    const all = Object.values(await identitiesOf(FILES));
    for (const identity of all) expect(identity).toMatch(/^ast-1:[0-9a-f]{64}$/);
    expect(new Set(all).size).toBe(all.length);
  });

  test.each<[string, Files]>([
    ['comments', edited({ 'rate.ts': [['// Clicks of a thousand.', '/* Clicks. */']] })],
    [
      'whitespace',
      edited({
        'larder.config.ts': [['=> ({ rate: clamp', '=>\n  ({\n rate: clamp']],
        'scale.ts': [[' * ', '*']],
      }),
    ],
    [
      'quotes',
      edited({ 'rate.ts': [['"a"', "'a'"]], 'larder.config.ts': [['({ rate: clamp', "({ 'rate': clamp"]] }),
    ],
    ['parentheses and semicolons', edited({ 'rate.ts': [['clicks / 1000;', '(clicks / 1000);;']] })],
    ['types', edited({ 'rate.ts': [['(clicks: number): number', '(clicks: string | number): any']] })],
    [
      'the name of a local variable',
      edited({
        'rate.ts': [
          ['const part =', 'const share ='],
          ['scale(part)', 'scale(share)'],
        ],
      }),
    ],
    ['const for let', edited({ 'rate.ts': [['const part =', 'let part =']] })],
    [
      'the name of a constant',
      edited({
        'larder.config.ts': [
          ['const FLOOR', 'const LEAST'],
          ['value, FLOOR', 'value, LEAST'],
          ['one: FLOOR', 'one: LEAST'],
        ],
      }),
    ],
    [
      'the name of a function',
      edited({
        'scale.ts': [['scale', 'twice']],
        'rate.ts': [
          ['import { scale }', 'import { twice }'],
          ['scale(part)', 'twice(part)'],
        ],
      }),
    ],
    [
      'the local name of an import',
      edited({
        'rate.ts': [
          ['{ scale }', '{ scale as by }'],
          ['scale(part)', 'by(part)'],
        ],
      }),
    ],
    [
      'a local variable that hides another name',
      edited({
        'rate.ts': [
          ['const part =', 'const other ='],
          ['scale(part)', 'scale(other)'],
        ],
      }),
    ],
    [
      'a renamed file',
      moved('scale.ts', 'scaled.ts', edited({ 'rate.ts': [['./scale.ts', './scaled.ts']] })),
    ],
    [
      'a moved file',
      moved(
        'rate.ts',
        'src/deep/rate.ts',
        edited({
          'rate.ts': [['./scale.ts', '../../scale.ts']],
          'larder.config.ts': [['./rate.ts', './src/deep/rate.ts']],
        }),
      ),
    ],
    [
      'a moved data file',
      moved('small.json', 'data/few.json', edited({ 'package.json': [['./small.json', './data/few.json']] })),
    ],
    ['the format of a data file', edited({ 'small.json': [['{"some": 1, ', '{\n  "some": 1,\n']] })],
    [
      'a function in another file',
      {
        ...edited({ 'rate.ts': [["import { scale } from './scale.ts';", SCALE.replace('export ', '')]] }),
        'scale.ts': '',
      },
    ],
    [
      'a default export',
      edited({
        'scale.ts': [['export const scale = ', 'export default ']],
        'rate.ts': [['{ scale }', 'scale']],
      }),
    ],
    [
      'a module in between',
      {
        ...edited({ 'rate.ts': [['./scale.ts', './index.ts']] }),
        'index.ts': "export * from './scale.ts';\n",
      },
    ],
    ['the TTL of a view that it reads', edited({ 'larder.config.ts': [["ttl: '7d'", "ttl: '1d'"]] })],
    ['the query of a view that it reads', edited({ 'larder.config.ts': [['select 1', 'select 2']] })],
    [
      'the order of imports',
      edited({
        'larder.config.ts': [
          [
            "import { rate } from './rate.ts';\nimport * as scales from './scales.ts';",
            "import * as scales from './scales.ts';\nimport { rate } from './rate.ts';",
          ],
        ],
      }),
    ],
    [
      'another import',
      edited({
        'larder.config.ts': [['import { rate }', "import { tools } from 'tools';\nimport { rate }"]],
      }),
    ],
    [
      'a statement that touches nothing of it',
      edited({
        'larder.config.ts': [["console.log('loading', unused)", "console.log('loading', stats, unused)"]],
      }),
    ],
    [
      'another definition',
      edited({
        'larder.config.ts': [
          ['export default', "export const user = entity('user', { user_id: f.string() });\nexport default"],
        ],
      }),
    ],
    ['something else in a file that it imports', edited({ 'rate.ts': [['other = 1', 'other = 2']] })],
    ["the name of Larder's package", edited({ 'larder.config.ts': [["'larderjs'", "'larder'"]] })],
  ])('does not change with %s', async (_, files) => {
    expect(await identitiesOf(files)).toEqual(await identitiesOf(FILES));
  });

  test.each<[string, readonly View[], Files]>([
    ['its own text', ['arrow'], edited({ 'larder.config.ts': [['clamp(rate(', 'clamp(2 * rate(']] })],
    [
      'a constant that it reaches through a function',
      ['arrow', 'method'],
      edited({ 'larder.config.ts': [['FLOOR = 0.001', 'FLOOR = 0.002']] }),
    ],
    [
      'what it imports over two files',
      ['arrow', 'named'],
      edited({ 'scale.ts': [['value * 2', 'value * 3']] }),
    ],
    [
      'a property that it reads',
      ['arrow'],
      edited({ 'larder.config.ts': [['stats.clicks', 'stats.views']] }),
    ],
    [
      'a name that it returns',
      ['arrow'],
      edited({ 'larder.config.ts': [['({ rate: clamp', '({ rates: clamp']] }),
    ],
    [
      'the order of its arguments',
      ['arrow'],
      edited({ 'larder.config.ts': [['Math.max(value, FLOOR)', 'Math.max(FLOOR, value)']] }),
    ],
    [
      'a statement that fills its table',
      ['arrow', 'named'],
      edited({ 'rate.ts': [["add('a', 1)", "add('a', 2)"]] }),
    ],
    [
      'the function that fills its table',
      ['arrow', 'named'],
      edited({ 'rate.ts': [['table.set(key, value)', 'table.set(key, -value)']] }),
    ],
    [
      'a new statement that fills its table',
      ['arrow', 'named'],
      edited({ 'rate.ts': [["add('a', 1);", "add('a', 1);\nadd('b', 2);"]] }),
    ],
    [
      'another variable of the same kind',
      ['arrow', 'named'],
      edited({ 'rate.ts': [['scale(part)', 'scale(clicks)']] }),
    ],
    [
      'a global instead of an import',
      ['arrow', 'named'],
      edited({ 'rate.ts': [['scale(part)', 'Number(part)']] }),
    ],
    [
      'text that looks like a number',
      ['arrow', 'method'],
      edited({ 'larder.config.ts': [['FLOOR = 0.001', "FLOOR = '0.001'"]] }),
    ],
    [
      'a member of a namespace',
      ['member'],
      edited({ 'scales.ts': [['(x: number) => x;', '(x: number) => x + 1;']] }),
    ],
    ['which member it uses', ['member'], edited({ 'larder.config.ts': [['scales.linear', 'scales.log']] })],
    ['a data file', ['alias'], edited({ 'small.json': [['"some": 1', '"some": 2']] })],
    ['the function that makes it', ['made'], edited({ 'larder.config.ts': [['made: 1 }', 'made: 2 }']] })],
    [
      'a var that hides a parameter',
      ['arrow', 'named'],
      edited({ 'rate.ts': [['const part = clicks', 'var clicks; const part = clicks']] }),
    ],
  ])('changes with %s', async (_, changed, files) => {
    const before = await identitiesOf(FILES);
    const after = await identitiesOf(files);
    expect(VIEWS.filter((view) => before[view] !== after[view])).toEqual(changed);
  });
});

describe('the identity of a computation', () => {
  async function identityOf(words: string, files: Files = FILES): Promise<string> {
    const root = await mkdtemp(join(folder, 'words-'));
    await mkdir(join(root, 'more'));
    for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
    await writeFile(join(root, 'words.ts'), words);
    const view = { name: 'words', version: 1, compute: { codeUrl: `file://${root}/words.ts` } };
    const { computations } = await readProjectCode({
      root,
      configPath: join(root, 'larder.config.ts'),
      exports: {},
      featureViews: [view as FeatureView],
      onDemandFeatureViews: [],
    });
    const unit = computations.get('words@1');
    if (unit === undefined) throw new Error('The computation has no code.');
    expect(await identityOfSources(await unit.sources())).toBe(unit.identity);
    return unit.identity;
  }
  const WORDS = `import { defineComputation } from 'larderjs';\nimport { rate } from './rate.ts';\nexport default defineComputation((rows) => rows.map(() => ({ values: { rate: rate(1) } })));\n`;

  test('covers what its default export reaches, and no other definitions', async () => {
    const before = await identityOf(WORDS);
    expect(await identityOf(`// A comment.\n${WORDS}const unused = 1;\nexport const tested = 2;\n`)).toBe(
      before,
    );
    expect(await identityOf(WORDS.replace('rate(1)', 'rate(2)'))).not.toBe(before);
    expect(await identityOf(WORDS, edited({ 'scale.ts': [['value * 2', 'value * 3']] }))).not.toBe(before);
  });

  test('fails with the file and line when a module cannot be read', async () => {
    await expect(identityOf('export default {')).rejects.toThrow(/words\.ts/);
    await expect(identityOf("import './gone.ts';\nexport default 1;")).rejects.toThrow(/gone\.ts/);
  });
});
