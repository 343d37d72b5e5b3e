import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../../..');
const run = promisify(execFile);

const ENTITIES = 10;
const FEATURES_PER_VIEW = 10;
const VIEWS_PER_MODEL = 10;
/**
 * About 20 % above the measurement with TypeScript 7.0.2: 63,513. Inputs by name cost 115 for each model, the rows that are
 * pushed into a view 19 for each view.
 */
const BUDGET = 76_000;

/** `tsc`'s count of type instantiations for a project of views and models, without the cost of the imports alone. */
async function instantiations(views: number, models: number): Promise<number> {
  return (
    (await count(projectText(views, models))) - (await count("import '@larder/features';\nexport {};\n"))
  );
}

async function count(text: string): Promise<number> {
  const stdout = await compile(text, { noEmit: true }, ['--extendedDiagnostics', '--singleThreaded']);
  const match = /^Instantiations:\s+(\d+)$/m.exec(stdout);
  if (match === null) throw new Error(`tsc counted nothing:\n${stdout}`);
  return Number(match[1]);
}

/** Output of `tsc` for a project; throws when there is an error. */
async function compile(text: string, compilerOptions: object, flags: readonly string[]): Promise<string> {
  await mkdir(join(ROOT, '.larder'), { recursive: true });
  const folder = await mkdtemp(join(ROOT, '.larder', 'type-budget-'));
  const tsconfig = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'], exclude: [] };
  try {
    await writeFile(join(folder, 'larder.config.ts'), text);
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    const { stdout } = await run(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', folder, ...flags]);
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** As in a real project: every model lists its own views, and its input is asked for. */
function projectText(views: number, models: number): string {
  const lines = [
    "import { artifact, entity, f, featureView, model, onDemandFeatureView, type PredictInput, type PredictOutput, type SourceDescriptor } from '@larder/features';",
    'declare const source: SourceDescriptor;',
  ];
  const types = [
    'f.float32()',
    'f.float64().default(0)',
    'f.bool()',
    'f.vector(8)',
    'f.float32().default(1)',
  ];
  for (let i = 0; i < ENTITIES; i++)
    lines.push(`const e${i} = entity('e${i}', { e${i}_id: f.string(), shared_id: f.int64() });`);
  for (let i = 0; i < views; i++) {
    const schema = Array.from(
      { length: FEATURES_PER_VIEW },
      (_, k) => `f${i}_${k}: ${types[k % types.length]}`,
    ).join(', ');
    lines.push(
      `export const v${i} = featureView('v${i}', { version: 1, entity: e${i % ENTITIES}, ttl: '7d', source, schema: { ${schema} } });`,
    );
  }
  for (let i = 0; i < models; i++) {
    const listed = Array.from({ length: VIEWS_PER_MODEL }, (_, k) => `v${(i * 5 + k * 7) % views}`);
    const first = (i * 5) % views;
    lines.push(
      `export const o${i} = onDemandFeatureView('o${i}', { request: { at_${i}: f.timestamp() }, features: [v${first}.pick('f${first}_0', 'f${first}_1')], schema: { x: f.float32() }, compute: ({ request, features }) => ({ x: request.at_${i}.getTime() * (features.v${first}.f${first}_0 ?? 0) }) });`,
      `export const m${i} = model('m${i}', { features: [${listed.join(', ')}, o${i}], output: { score: f.float32() }, artifact: artifact('m${i}') });`,
      `export declare const input${i}: PredictInput<typeof m${i}>;`,
      `export const key${i}: bigint = input${i}.entities.shared_id;`,
      `export declare const output${i}: PredictOutput<typeof m${i}>;`,
      `export const score${i}: number = output${i}.score;`,
    );
  }
  return `${lines.join('\n')}\n`;
}

test('300 views and 60 models stay within a budget of type instantiations', async () => {
  const small = await instantiations(50, 10);
  const large = await instantiations(300, 60);
  console.info(
    `type instantiations: ${small} for 50 views and 10 models, ${large} for 300 and 60 (${(large / small).toFixed(1)} x)`,
  );
  expect(large).toBeLessThan(BUDGET);
  // Six times the definitions: anything beyond linear growth shows here first.
  expect(large / small).toBeLessThan(6.5);
});

test('a project can be published with declarations: every inferred type has an exported name', async () => {
  const emit = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: 'out',
    rootDir: '../..',
  };
  await expect(compile(projectText(20, 2), emit, [])).resolves.toBe('');
});
