import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isLarderError, type LarderError } from '@larder/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { f } from '../../definition/field.ts';
import { onDemandFeatureView } from '../../on-demand/on-demand-feature-view.ts';
import type { OnDemandFunction } from '../../on-demand/on-demand-views.ts';
import { loadProject } from '../../project/load-project.ts';
import { readProjectCode } from '../project-code.ts';
import { importBundle } from './import-bundle.ts';

const ADS = join(import.meta.dirname, '../../fixtures/ads/larder.config.ts');
const REPOSITORY = join(import.meta.dirname, '../../../../..');

const HEAD = `
import { artifact, computeWith, entity, f, featureView, model, onDemandFeatureView, project, sqlSource } from 'larderjs';
const ad = entity('ad', { ad_id: f.string() });
export const stats = featureView('stats', { version: 1, entity: ad, ttl: '7d', source: sqlSource({ connection: 'ads', query: 'select secret from ads' }), schema: { clicks: f.float32().default(0) } });
export const heavy = featureView('heavy', { version: 1, entity: ad, ttl: '7d', source: stats.source, compute: computeWith(import.meta.url, () => import('./heavy.ts')), schema: { x: f.float32() } });
export default project('ads');
process.loadEnvFile('/no/such/file');
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-bundle-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The bundle of the on-demand view `view` of a config, with files beside it; `config` follows definitions that it may use. */
async function bundleOf(config: string, files: Record<string, string> = {}): Promise<string> {
  const root = await mkdtemp(join(folder, 'project-'));
  for (const [name, text] of Object.entries({ 'larder.config.ts': HEAD + config, ...files })) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  if (config.includes('@repository'))
    await symlink(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
  const view = onDemandFeatureView('view', { schema: { y: f.float32() }, compute: () => ({ y: 1 }) });
  const { onDemand } = await readProjectCode({
    root,
    configPath: join(root, 'larder.config.ts'),
    exports: { view },
    featureViews: [],
    onDemandFeatureViews: [{ name: 'view' }],
  });
  const unit = onDemand.get('view');
  if (unit === undefined) throw new Error('The view has no code.');
  return unit.bundle();
}

const viewOf = (compute: string): string =>
  `export const view = onDemandFeatureView('view', { request: { x: f.float64() }, features: [stats, heavy], schema: { y: f.float32() }, compute: ${compute} });\n`;

async function valueOf(text: string, x = 3): Promise<unknown> {
  const { compute } = await importBundle(text);
  return compute({ request: { x }, features: { stats: { clicks: 10 } } });
}

async function refusalOf(bundle: Promise<string>): Promise<LarderError> {
  const error: unknown = await bundle.catch((reason: unknown) => reason);
  if (!isLarderError(error)) throw new Error('It was not refused.', { cause: error });
  return error;
}

describe('a bundle', () => {
  test('gives what the loaded function gives', async () => {
    const project = await loadProject(ADS);
    const text = (await project.code.onDemand.get('moment')?.bundle()) ?? '';
    const { compute } = await importBundle(text);
    const given = { request: { requested_at: new Date(1e12) }, features: {} };
    expect(compute(given)).toEqual(project.onDemandFeatureViews.get('moment')?.compute(given as never));
  });

  test('holds only what its function reaches: neither the rest of the config nor Larder', async () => {
    const text = await bundleOf(viewOf('({ request: { x } }) => ({ y: x * 2 })'));
    expect(text).toBe('var r=(({request:{x:e}})=>({y:e*2}));export{r as default};\n');
  });

  test('holds functions, constants, tables and what fills them, from several files', async () => {
    const text = await bundleOf(
      `import { rate } from './src/index.ts';\nimport words from './words.json' with { type: 'json' };\nconst FLOOR = 0.5;\n${viewOf(
        'function ({ request, features }) { return { y: Math.max(rate(request.x), FLOOR) + features.stats.clicks + words.length }; }',
      )}`,
      {
        'src/index.ts': "export * from './rate.ts';\nexport const unused = 'unused';\n",
        'src/rate.ts':
          "import * as tables from './tables.ts';\nexport default class {}\nexport const rate = (x: number): number => tables.factors.get('a')! * x;\n",
        'src/tables.ts':
          "export const factors = new Map<string, number>();\nfor (const name of ['a', 'b']) factors.set(name, 100);\nexport const big = 'big'.repeat(10);\n",
        'words.json': '["one", "two"]',
      },
    );
    expect(await valueOf(text)).toEqual({ y: 312 });
    expect(text).not.toMatch(/unused|big|select/);
  });

  test('holds packages, CommonJS too, which may require builtin modules', async () => {
    const text = await bundleOf(
      `import { double } from 'doubling';\nimport half, { third } from 'halving';\nimport { createHash } from 'node:crypto';\n${viewOf(
        "({ request: { x } }) => ({ y: double(x) + half(x) + third(x), z: createHash('sha256').update('a').digest('hex').length })",
      )}`,
      {
        'node_modules/doubling/package.json': '{"type": "module", "exports": "./index.js"}',
        'node_modules/doubling/index.js': 'export const double = (x) => 2 * x;',
        'node_modules/halving/package.json': '{"main": "index.cjs"}',
        'node_modules/halving/index.cjs':
          "const { EOL } = require('os'); module.exports = (x) => x / 2; module.exports.third = (x) => (x / 3) * EOL.length;",
      },
    );
    expect(await valueOf(text, 6)).toEqual({ y: 17, z: 64 });
  });

  test('awaits what the function awaits at its top level, and nothing else', async () => {
    const text = await bundleOf(
      `const ten = await Promise.resolve(10);\nconst never = await import('./gone.ts');\n${viewOf('({ request }) => ({ y: ten * request.x })')}`,
    );
    expect(await valueOf(text)).toEqual({ y: 30 });
  });

  test('holds the modules that the function imports late', async () => {
    const text = await bundleOf(
      `const late = await import('./late.ts');\n${viewOf('({ request }) => ({ y: late.triple(request.x) })')}`,
      { 'late.ts': 'export const triple = (x: number) => 3 * x;' },
    );
    expect(await valueOf(text)).toEqual({ y: 9 });
  });

  test('of a function that makes the view runs it again, without its definitions', async () => {
    const text = await bundleOf(
      `const times = (factor: number) => onDemandFeatureView('view', { request: { x: f.float64() }, features: [stats, heavy], schema: { y: f.float32().default(1) }, compute: ({ request: { x } }) => ({ y: factor * x }) });\nexport const view = times(7);\n`,
    );
    expect(await valueOf(text)).toEqual({ y: 21 });
    expect(text).not.toMatch(/select|heavy\.ts/);
    expect(text.length).toBeLessThan(1_000);
  });

  test('of a wrapped constructor holds the function that is in force, not the one that is written', async () => {
    const text = await bundleOf(
      `const doubled = (name: string, options: any) => onDemandFeatureView(name, { ...options, compute: (given: any) => ({ y: 2 * options.compute(given).y }) });\nexport const view = doubled('view', { schema: {}, compute: ({ request }) => ({ y: request.x }) });\n`,
    );
    expect(await valueOf(text)).toEqual({ y: 6 });
  });

  test('is imported once', async () => {
    const text = 'globalThis.larderImports = (globalThis.larderImports ?? 0) + 1; export default () => ({});';
    const [first, second] = await Promise.all([importBundle(text), importBundle(text)]);
    expect(first).toBe(second);
    expect((globalThis as { larderImports?: number }).larderImports).toBe(1);
  });

  test.each([
    ["throw new Error('no licence');\nexport default () => ({});", /no licence/],
    ['export default 1;', /exports no function/],
    ["import 'express';\nexport default () => ({});", /express/],
  ])('that cannot be imported is an error', async (text, reason) => {
    const error: unknown = await importBundle(text, 'moment').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'BUNDLE_INVALID', message: expect.stringMatching(reason) as string });
    expect(String(error)).toContain('on-demand view moment');
  });

  test('that never ends its import is an error, and what was only late is there at the next attempt', async () => {
    const text =
      'await new Promise((go) => { globalThis.larderGo = go; });\nexport default () => ({ y: 1 });';
    await expect(importBundle(text, 'moment', 20)).rejects.toMatchObject({
      code: 'BUNDLE_INVALID',
      message: expect.stringContaining('takes longer than 0.02 s') as string,
    });
    (globalThis as unknown as { larderGo: () => void }).larderGo();
    expect((await importBundle(text)).compute({ request: {}, features: {} })).toEqual({ y: 1 });
  });

  test('computes as fast as the loaded function', async () => {
    const project = await loadProject(ADS);
    const loaded = project.onDemandFeatureViews.get('moment')
      ?.compute as unknown as OnDemandFunction['compute'];
    const { compute: bundled } = await importBundle(
      (await project.code.onDemand.get('moment')?.bundle()) ?? '',
    );
    const given = { request: { requested_at: new Date(1e12) }, features: {} };
    const fastestMs = (compute: OnDemandFunction['compute']): number =>
      Math.min(
        ...Array.from({ length: 15 }, () => {
          const start = performance.now();
          for (let i = 0; i < 20_000; i++) compute(given);
          return performance.now() - start;
        }),
      );
    fastestMs(loaded);
    expect(fastestMs(bundled)).toBeLessThan(fastestMs(loaded) * 3 + 5);
  });
});

describe('a bundle is refused', () => {
  test.each(['sharp', 'onnxruntime-node'])(
    'for the native module of %s, naming the imports',
    async (name) => {
      const error = await refusalOf(
        bundleOf(
          `import { width } from './src/width.ts'; // @repository\n${viewOf('({ request }) => ({ y: width(request.x) })')}`,
          {
            'src/width.ts': `import * as native from './native.ts';\nexport const width = (x: number) => native.default(x);`,
            'src/native.ts': `import native from '${name}';\nexport default native as any;`,
          },
        ),
      );
      expect(`${error.code} ${error.message}`).toMatch(/^NATIVE_MODULE/);
      expect(error.message).toMatch(/on-demand view view/);
      expect(error.message).toContain(`larder.config.ts → src/width.ts → src/native.ts → ${name}`);
    },
  );

  test('for a binary that a package imports', async () => {
    const error = await refusalOf(
      bundleOf(`import { fast } from 'fast';\n${viewOf('() => ({ y: fast() })')}`, {
        'node_modules/fast/package.json': '{"main": "index.js"}',
        'node_modules/fast/index.js': "module.exports = require('./inner');",
        'node_modules/fast/inner.js': "exports.fast = require('./build/fast.node').fast;",
      }),
    );
    expect(error).toMatchObject({ code: 'NATIVE_MODULE' });
    expect(error.message).toContain('larder.config.ts → fast');
  });

  test.each<[string, string, Record<string, string>, RegExp]>([
    [
      'files beside its module',
      `import { read } from './src/read.ts';\n${viewOf('() => ({ y: read() })')}`,
      {
        'src/read.ts':
          "import { readFileSync } from 'node:fs';\nconst table = readFileSync(new URL('./t.txt', import.meta.url), 'utf8');\nexport const read = () => table.length;",
      },
      /import\.meta.*function of view in larder\.config\.ts → function read in src\/read\.ts → constant table in src\/read\.ts/,
    ],
    ['__dirname', viewOf('() => ({ y: __dirname.length })'), {}, /__dirname/],
    [
      'a computed import',
      `const load = (name: string) => import(name);\n${viewOf('({ request }) => ({ y: load(request.x) })')}`,
      {},
      /path that is computed.*constant load|path that is computed.*function load/,
    ],
    [
      "Larder's definitions",
      viewOf('() => ({ y: stats.version })'),
      {},
      /uses Larder's featureView.*constant stats/,
    ],
    [
      "Larder's errors",
      `import { LarderError } from 'larderjs';\n${viewOf("() => { throw new LarderError('X', 'y'); }")}`,
      {},
      /uses Larder's LarderError/,
    ],
    [
      'a package that is not installed',
      `import { x } from 'not-installed';\n${viewOf('() => ({ y: x })')}`,
      {},
      /not-installed/,
    ],
    [
      'a package that reads files beside its modules',
      `import { x } from 'reading';\n${viewOf('() => ({ y: x() })')}`,
      {
        'node_modules/reading/package.json': '{"type": "module", "exports": "./index.js"}',
        'node_modules/reading/index.js':
          "import { readFileSync } from 'node:fs';\nexport const x = () => readFileSync(new URL('x.txt', import.meta.url));",
      },
      /reading reads files.*larder\.config\.ts → reading/,
    ],
  ])('for %s', async (_, config, files, reason) => {
    const error = await refusalOf(bundleOf(config, files));
    expect(error.code).toBe('BUNDLE_IMPOSSIBLE');
    expect(error.message).toMatch(reason);
  });
});
