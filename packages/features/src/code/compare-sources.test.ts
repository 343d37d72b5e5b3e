import { expect, test } from 'vitest';
import type { CodeSources } from './code-unit.ts';
import { compareSources } from './compare-sources.ts';

const SOURCES: CodeSources = {
  entry: { path: 'larder.config.ts', onDemand: 'offer' },
  modules: {
    'src/scale.ts': 'export const scale = (x: number) => 2 * x;\nexport const half = (x: number) => x / 2;\n',
    'src/rate.ts':
      "import { scale, half } from './scale.ts';\nconst table = new Map();\ntable.set('a', 1);\nexport function rate(x: number) { return scale(x) + table.get('a'); }\n",
    'words.json': '["one"]',
    'larder.config.ts':
      "import { onDemandFeatureView } from 'larderjs';\nimport { rate } from './src/rate.ts';\nimport words from './words.json' with { type: 'json' };\nexport const offer = onDemandFeatureView('offer', { schema: {}, compute: ({ request }) => ({ y: rate(request.x) + words.length }) });\n",
  },
};

/** `{ path: [from, to] }`; a text instead adds a module. */
function edited(edits: Readonly<Record<string, string | readonly [string, string]>>): CodeSources {
  const modules: Record<string, string> = { ...SOURCES.modules };
  for (const [path, edit] of Object.entries(edits))
    modules[path] = typeof edit === 'string' ? edit : (modules[path] ?? '').replace(edit[0], edit[1]);
  return { ...SOURCES, modules };
}

test.each<[string, CodeSources, string[]]>([
  ['a function', edited({ 'src/scale.ts': ['2 * x', '3 * x'] }), ['function scale in src/scale.ts changed']],
  [
    'the function of the view',
    edited({ 'larder.config.ts': ['{ y: rate(', '{ y: 2 * rate('] }),
    ['the function of offer in larder.config.ts changed'],
  ],
  [
    'another function of a module',
    edited({ 'src/rate.ts': ['return scale(x)', 'return half(x)'] }),
    [
      'function rate in src/rate.ts changed',
      'function half in src/scale.ts is used now',
      'function scale in src/scale.ts is no longer used',
    ],
  ],
  [
    'a module more',
    edited({
      'src/rate.ts':
        "import { more } from './more.ts';\nconst table = new Map();\ntable.set('a', 1);\nexport function rate(x: number) { return more(x) + table.get('a'); }\n",
      'src/more.ts': 'export const more = (x: number) => x;',
    }),
    [
      'function rate in src/rate.ts changed',
      'src/more.ts is imported now',
      'src/scale.ts is no longer imported',
    ],
  ],
  [
    'a statement',
    edited({ 'src/rate.ts': ["set('a', 1)", "set('a', 2)"] }),
    ['a statement in src/rate.ts changed'],
  ],
  ['data', edited({ 'words.json': ['"one"', '"one", "two"'] }), ['words.json changed']],
])('names %s', async (_, now, lines) => {
  expect((await compareSources(SOURCES, now)).sort()).toEqual(lines.sort());
});

test('finds a function in the file that it moved to', async () => {
  const { 'src/scale.ts': scale = '', ...rest } = SOURCES.modules;
  const rate = rest['src/rate.ts'] ?? '';
  const now = {
    ...SOURCES,
    modules: {
      'src/scaled.ts': scale.replace('2 * x', '3 * x'),
      ...rest,
      'src/rate.ts': rate.replace('./scale.ts', './scaled.ts'),
    },
  };
  expect(await compareSources(SOURCES, now)).toEqual([
    'function scale in src/scaled.ts changed',
    'src/scaled.ts is imported now',
    'src/scale.ts is no longer imported',
  ]);
});
