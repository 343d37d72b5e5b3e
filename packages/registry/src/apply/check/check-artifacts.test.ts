import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildOnnx } from '@larder/model-runtime/onnx';
import { expect } from 'vitest';
import { appliedManifest, applyProject, readModelVersions } from '../../index.ts';
import { test, writeProject, type ProjectFiles } from '../../testing/project.ts';

const ada = { actor: 'ada' };

const REFUSED: readonly [what: string, files: Omit<ProjectFiles, 'name'>, code: string, says: RegExp][] = [
  [
    'random bytes',
    { prepare: (folder) => writeFileSync(join(folder, 'models/ad_ctr/model.onnx'), randomBytes(4_096)) },
    'ARTIFACT_INVALID',
    /models\/ad_ctr\/model\.onnx/,
  ],
  [
    'features in another order',
    { artifact: { trainedOn: ['offer:bid_ratio', 'ad_stats:clicks'] } },
    'MODEL_SIGNATURE_MISMATCH',
    /≠ ad_stats:clicks/,
  ],
  [
    'no golden rows',
    { prepare: (folder) => rmSync(join(folder, 'models/ad_ctr/golden.json')) },
    'ARTIFACT_INVALID',
    /golden\.json cannot be read; the training script must write it/,
  ],
  [
    'other scores than the trainer had',
    { artifact: { goldenScores: [0.1, 0.2, 0.3] } },
    'MODEL_GOLDEN_MISMATCH',
    /row \d has ctr = .*Write model\.onnx and golden\.json again, together/,
  ],
  [
    'a row that takes too long',
    { artifact: { slowness: 5 }, model: ' budget: { maxLatencyMs: 0.01 },' },
    'BUDGET_EXCEEDED',
    /one row takes \d+\.\d+ ms \(p99\), its budget is 0\.01 ms/,
  ],
  [
    'a training.json that is not an object',
    { prepare: (folder) => writeFileSync(join(folder, 'models/ad_ctr/training.json'), '[1, 2]') },
    'ARTIFACT_INVALID',
    /training\.json is not a JSON object/,
  ],
  [
    'a training.json that is not JSON',
    { prepare: (folder) => writeFileSync(join(folder, 'models/ad_ctr/training.json'), randomBytes(64)) },
    'ARTIFACT_INVALID',
    /training\.json is not JSON in UTF-8/,
  ],
  [
    'a training.json that is too large',
    {
      prepare: (folder) =>
        writeFileSync(join(folder, 'models/ad_ctr/training.json'), `{"a":"${'a'.repeat(300_000)}"}`),
    },
    'ARTIFACT_INVALID',
    /training\.json has 300008 bytes; at most 262144 are kept/,
  ],
];

test.for(REFUSED)('refused: %s', async ([, files, code, says], { store, artifacts }) => {
  const name = `refused_${REFUSED.findIndex((each) => each[1] === files)}`;
  const project = await writeProject({ name, ...files });
  const refused = applyProject({ store, artifacts }, project, ada);
  await expect(refused).rejects.toMatchObject({ code, errors: [{ pointer: 'model ad_ctr' }] });
  await expect(refused).rejects.toThrow(says);
  expect(await appliedManifest(store, name)).toBeNull();
});

test('what the trainer left and what was measured are recorded with the version', async ({
  store,
  artifacts,
}) => {
  const training = { metrics: { auc: 0.81 }, commit: 'abc', parameters: { depth: 6 }, data: ['ads'] };
  const project = await writeProject({
    name: 'recorded',
    model: ' budget: { maxLatencyMs: 5_000, maxMemoryMb: 500 },',
    prepare: (folder) => writeFileSync(join(folder, 'models/ad_ctr/training.json'), JSON.stringify(training)),
  });
  await applyProject({ store, artifacts }, project, ada);
  const { rows } = await store.pool.query(
    "select training, measured from larder.model_versions where project = 'recorded'",
  );
  expect(rows).toEqual([
    {
      training,
      measured: {
        placement: 'inline',
        latency_ms: expect.any(Number) as number,
        memory_mb: expect.any(Number) as number,
      },
    },
  ]);
  expect(rows[0].measured.latency_ms).toBeGreaterThan(0);
  expect(await readModelVersions(store, 'recorded')).toHaveLength(1);
});

test('a new version with the same artifact, read in the same way, is not opened again', async ({
  store,
  artifacts,
}) => {
  const training = { commit: 'abc' };
  const files: ProjectFiles = {
    name: 'unopened',
    prepare: (folder) => writeFileSync(join(folder, 'models/ad_ctr/training.json'), JSON.stringify(training)),
  };
  await applyProject({ store, artifacts }, await writeProject(files), ada);
  // No measuring gives such a figure.
  await store.pool.query(
    `update larder.model_versions set measured = '{"placement":"inline","latency_ms":-1,"memory_mb":-1}'
      where project = 'unopened'`,
  );
  const edited = await writeProject({ ...files, compute: '({ bid_ratio: ratio(request.bid) + 0 })' });
  await applyProject({ store, artifacts }, edited, { ...ada, sameMeaning: true });
  const measured = async (version: number) =>
    (
      await store.pool.query(
        `select training, measured from larder.model_versions where project = 'unopened' and version = $1`,
        [version],
      )
    ).rows[0];
  expect(await measured(2)).toMatchObject({ training, measured: { latency_ms: -1 } });
  const retrained = {
    ...files,
    compute: '({ bid_ratio: ratio(request.bid) + 0 })',
    artifact: { weights: [1, 2] },
  };
  await applyProject({ store, artifacts }, await writeProject(retrained), ada);
  expect((await measured(3)).measured.latency_ms).toBeGreaterThan(0);
});

/** 40 MB of zeros between the features and `sigmoid(0)`. */
function largeModel(): Uint8Array {
  const zeros = (shape: [number, number]) => ({ shape, data: new Float32Array(shape[0] * shape[1]) });
  return buildOnnx({
    name: 'large',
    inputs: [{ name: 'features', shape: ['N', 2] }],
    outputs: [{ name: 'ctr', shape: ['N', 1] }],
    nodes: [
      { op: 'MatMul', inputs: ['features', 'a'], outputs: ['wide'] },
      { op: 'MatMul', inputs: ['wide', 'b'], outputs: ['wider'] },
      { op: 'MatMul', inputs: ['wider', 'c'], outputs: ['logit'] },
      { op: 'Sigmoid', inputs: ['logit'], outputs: ['ctr'] },
    ],
    initializers: { a: zeros([2, 1_000]), b: zeros([1_000, 10_000]), c: zeros([10_000, 1]) },
    metadata: { 'larder.features': JSON.stringify(['ad_stats:clicks', 'offer:bid_ratio']) },
  });
}

test('memory is what the loaded model takes, not what the process takes', async ({ store, artifacts }) => {
  const large = await writeProject({
    name: 'large',
    artifact: { goldenScores: [0.5, 0.5, 0.5] },
    model: ' budget: { maxMemoryMb: 20 },',
    prepare: (folder) => writeFileSync(join(folder, 'models/ad_ctr/model.onnx'), largeModel()),
  });
  await expect(applyProject({ store, artifacts }, large, ada)).rejects.toThrow(
    /it takes \d+\.\d MB of memory, its budget is 20 MB/,
  );
  const small = await writeProject({ name: 'small', model: ' budget: { maxMemoryMb: 20 },' });
  await applyProject({ store, artifacts }, small, ada);
});

test('a budget that is lowered later is compared with what was measured', async ({ store, artifacts }) => {
  await applyProject({ store, artifacts }, await writeProject({ name: 'lowered' }), ada);
  const lowered = await writeProject({ name: 'lowered', model: ' budget: { maxLatencyMs: 1e-9 },' });
  await expect(applyProject({ store, artifacts }, lowered, ada)).rejects.toMatchObject({
    code: 'BUDGET_EXCEEDED',
  });
});

const encoded = (name: string, golden: unknown): ProjectFiles => ({
  name,
  more: `export const adWords = featureView('ad_words', {
  version: 1, entity: ad, ttl: '7d', source, schema: { length: f.float32() },
  compute: computeWith(import.meta.url, () => import('./src/length.ts'), {
    artifacts: { words: artifact('models/words') },
  }),
});`,
  prepare: (folder) => {
    mkdirSync(join(folder, 'models/words'));
    writeFileSync(join(folder, 'models/words/factor.json'), '2');
    if (golden !== undefined) writeFileSync(join(folder, 'models/words/golden.json'), JSON.stringify(golden));
    writeFileSync(
      join(folder, 'src/length.ts'),
      `import { readFileSync } from 'node:fs';
export default {
  async createComputation({ artifactPaths }: { artifactPaths: Record<string, string> }) {
    const factor = JSON.parse(readFileSync(artifactPaths['words'] + '/factor.json', 'utf8'));
    if (typeof factor !== 'number') throw new Error('factor.json is not a number');
    return {
      compute: async (rows: { title: string }[]) =>
        rows.map(({ title }) => ({ values: { length: title.length * factor } })),
      close: async () => {},
    };
  },
};
`,
    );
  },
});

test('golden inputs of an artifact behind a view run through its own computation', async ({
  store,
  artifacts,
}) => {
  const golden = { format: 1, rows: [{ title: 'abc' }], outputs: { length: [6] } };
  await applyProject({ store, artifacts }, await writeProject(encoded('golden', golden)), ada);
  const wrong = await writeProject(encoded('wrong', { ...golden, outputs: { length: [7] } }));
  const refused = applyProject({ store, artifacts }, wrong, ada);
  await expect(refused).rejects.toMatchObject({
    code: 'MODEL_GOLDEN_MISMATCH',
    errors: [{ pointer: 'view ad_words@1' }],
  });
  await expect(refused).rejects.toThrow(/row 0: length is 7; here the computation returns 6/);
});

test('a computation that cannot open its artifact, or dies of it, is refused together with a bad model', async ({
  store,
  artifacts,
}) => {
  const files = encoded('broken', undefined);
  const project = await writeProject({
    ...files,
    artifact: { goldenScores: [0, 0, 0] },
    prepare: async (folder) => {
      await files.prepare?.(folder);
      writeFileSync(join(folder, 'models/words/factor.json'), '"two"');
    },
  });
  const refused = applyProject({ store, artifacts }, project, ada);
  await expect(refused).rejects.toThrow(/view ad_words@1: factor\.json is not a number/);
  await expect(refused).rejects.toMatchObject({
    errors: expect.arrayContaining([
      expect.objectContaining({ pointer: 'view ad_words@1' }),
      expect.objectContaining({ pointer: 'model ad_ctr' }),
    ]) as unknown,
  });
  const dying = await writeProject({
    ...files,
    name: 'dying_of_it',
    prepare: async (folder) => {
      await files.prepare?.(folder);
      writeFileSync(
        join(folder, 'src/length.ts'),
        "process.kill(process.pid, 'SIGKILL');\nexport default {};\n",
      );
    },
  });
  await expect(applyProject({ store, artifacts }, dying, ada)).rejects.toThrow(
    /view ad_words@1: the process that opens it failed: it ended with SIGKILL/,
  );
});
