import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadModel, type LoadModelOptions, type ModelRunner } from './load-model.ts';
import { buildOnnx, type OnnxGraph } from './onnx/index.ts';
import { writeLogisticArtifact, type LogisticArtifactOptions } from './testing/index.ts';

const FEATURES = ['ad_image:brightness', 'ad_stats:clicks', 'moment:hour_sin'];
const WEIGHTS = [0.5, -1, 2];

let folder: string;
const runners: ModelRunner[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-model-'));
});

afterEach(async () => {
  await Promise.all(runners.splice(0).map((runner) => runner.close()));
  await rm(folder, { recursive: true });
});

async function load(options: Partial<LoadModelOptions> = {}): Promise<ModelRunner> {
  const runner = await loadModel({
    artifactPath: folder,
    expectedFeatures: FEATURES,
    width: 3,
    outputs: ['ctr'],
    placement: 'inline',
    ...options,
  });
  runners.push(runner);
  return runner;
}

const writeArtifact = (options: Partial<LogisticArtifactOptions> = {}): Promise<void> =>
  writeLogisticArtifact(folder, { features: FEATURES, weights: WEIGHTS, ...options });

/** Replaces the model of a written artifact: input [N, 3], whatever nodes. */
const writeGraph = (graph: Partial<OnnxGraph>): Promise<void> =>
  writeFile(
    join(folder, 'model.onnx'),
    buildOnnx({
      name: 'test',
      inputs: [{ name: 'x', shape: ['N', 3] }],
      outputs: [{ name: 'ctr', shape: ['N', 1] }],
      nodes: [{ op: 'ReduceSum', inputs: ['x', 'axes'], outputs: ['ctr'] }],
      initializers: { axes: { shape: [1], data: BigInt64Array.of(1n) } },
      metadata: { 'larder.features': JSON.stringify(FEATURES) },
      ...graph,
    }),
  );

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

describe('running', () => {
  test('scores the rows of a tensor, also of one that is longer than the rows', async () => {
    await writeArtifact();
    const runner = await load();
    const { ctr } = await runner.run(Float32Array.of(1, 0, 0, 0, 1, 1, 9, 9, 9), 2);
    expect([...(ctr ?? [])]).toEqual([expect.closeTo(sigmoid(0.5), 6), expect.closeTo(sigmoid(1), 6)]);
  });

  test('concurrent runs do not see each other', async () => {
    await writeArtifact();
    const runner = await load();
    const values = Array.from({ length: 50 }, (_, index) => index / 50);
    const scores = await Promise.all(values.map((value) => runner.run(Float32Array.of(value, 0, 0), 1)));
    expect(scores.map(({ ctr }) => ctr?.[0])).toEqual(
      values.map((value) => expect.closeTo(sigmoid(value / 2), 6)),
    );
  });

  test('maps several outputs by name', async () => {
    await writeGoldenOutputs({ likes: [6], clicks: [3] });
    await writeGraph({
      outputs: [
        { name: 'clicks', shape: ['N', 1] },
        { name: 'likes', shape: ['N'] },
      ],
      nodes: [
        { op: 'ReduceSum', inputs: ['x', 'axes'], outputs: ['clicks'] },
        { op: 'Add', inputs: ['x', 'x'], outputs: ['doubled'] },
        {
          op: 'ReduceSum',
          inputs: ['doubled', 'axes'],
          outputs: ['likes'],
          attributes: { keepdims: { int: 0 } },
        },
      ],
    });
    const runner = await load({ outputs: ['likes', 'clicks'] });
    const outputs = await runner.run(Float32Array.of(1, 2, 3, 4, 5, 6), 2);
    expect(outputs).toEqual({ likes: Float32Array.of(12, 30), clicks: Float32Array.of(6, 15) });
  });

  test('maps the columns of one output to the fields in order', async () => {
    await writeGoldenOutputs({ a: [1], b: [1], c: [1] });
    await writeGraph({
      outputs: [{ name: 'scores', shape: ['N', 3] }],
      nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['scores'] }],
      initializers: {},
    });
    const runner = await load({ outputs: ['a', 'b', 'c'] });
    const outputs = await runner.run(Float32Array.of(1, 2, 3, 4, 5, 6), 2);
    expect(outputs).toEqual({ a: Float32Array.of(1, 4), b: Float32Array.of(2, 5), c: Float32Array.of(3, 6) });
  });

  /** One golden row of ones. */
  const writeGoldenOutputs = (outputs: Record<string, number[]>): Promise<void> =>
    writeFile(
      join(folder, 'golden.json'),
      JSON.stringify({ format: 1, features: FEATURES, rows: [[1, 1, 1]], outputs }),
    );
});

describe('placement', () => {
  test('a small model stays on the thread of the caller', async () => {
    await writeArtifact();
    const runner = await load({ placement: 'auto' });
    expect(runner).toMatchObject({ placement: 'inline', width: 3, outputs: ['ctr'] });
  });

  test('a slow model runs in threads and returns the same scores', async () => {
    // 256 layers of 256 × 256: 17 million multiplications a row, above 0.5 ms on any core.
    const side = 256;
    const layers = Array.from({ length: 256 }, (_, layer) => layer);
    await writeArtifact();
    await writeGraph({
      nodes: [
        { op: 'Gemm', inputs: ['x', 'widen'], outputs: ['layer_0'] },
        ...layers.map((layer) => ({
          op: 'MatMul',
          inputs: [`layer_${layer}`, 'square'],
          outputs: [`layer_${layer + 1}`],
        })),
        { op: 'Gemm', inputs: ['layer_256', 'narrow'], outputs: ['logit'] },
        { op: 'Sigmoid', inputs: ['logit'], outputs: ['ctr'] },
      ],
      initializers: {
        // The first three columns carry the row through; identity matrices keep it.
        widen: {
          shape: [3, side],
          data: Float32Array.from({ length: 3 * side }, (_, i) =>
            i % side === Math.floor(i / side) ? 1 : 0,
          ),
        },
        square: {
          shape: [side, side],
          data: Float32Array.from({ length: side * side }, (_, i) => (i % (side + 1) === 0 ? 1 : 0)),
        },
        narrow: { shape: [side, 1], data: Float32Array.from({ length: side }, (_, i) => WEIGHTS[i] ?? 0) },
      },
    });
    const runner = await load({ placement: 'auto', poolThreads: 2 });
    expect(runner.placement).toBe('pool');
    expect(runner.oneRowMs).toBeGreaterThanOrEqual(0.5);
    const tensor = Float32Array.of(1, 0, 0, 0, 1, 1, 7, 7, 7);
    const { ctr } = await runner.run(tensor, 2);
    expect([...(ctr ?? [])]).toEqual([expect.closeTo(sigmoid(0.5), 5), expect.closeTo(sigmoid(1), 5)]);
    expect(tensor, 'the caller keeps its tensor').toHaveLength(9);
  });
});

describe('signature', () => {
  test('refuses other features and shows both lists side by side', async () => {
    await writeArtifact({ trainedOn: ['ad_stats:clicks', 'ad_image:brightness', 'moment:hour_sin'] });
    await expect(load()).rejects.toMatchObject({
      code: 'MODEL_SIGNATURE_MISMATCH',
      message: expect.stringContaining(
        [
          '    definition           model.onnx',
          '  ≠ ad_image:brightness  ad_stats:clicks',
          '  ≠ ad_stats:clicks      ad_image:brightness',
          '    moment:hour_sin      moment:hour_sin',
        ].join('\n'),
      ),
    });
  });

  test.each([
    [
      'without larder.features',
      { metadata: {} },
      'onnx.helper.set_model_props(model, {"larder.features": \'["',
    ],
    [
      'with larder.features that is not a list',
      { metadata: { 'larder.features': '{' } },
      "'larder.features' must be",
    ],
    [
      'with a batch of one',
      { inputs: [{ name: 'x', shape: [1, 3] }] },
      'must be float32 [N, 3], not float32 [1, 3]',
    ],
    [
      'of another width',
      { inputs: [{ name: 'x', shape: ['N', 4] }] },
      'has 4 columns; the features of the definition take 3',
    ],
    [
      'with two inputs',
      {
        inputs: [
          { name: 'x', shape: ['N', 3] },
          { name: 'y', shape: ['N', 3] },
        ],
      },
      'must have one input',
    ],
    [
      'without the declared output',
      {
        outputs: [{ name: 'scores', shape: ['N', 3] }],
        nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['scores'] }],
      },
      "the definition's outputs are ctr; the file has scores (float32 [N, 3])",
    ],
  ] satisfies [string, Partial<OnnxGraph>, string][])('refuses a model %s', async (_, graph, message) => {
    await writeArtifact();
    await writeGraph(graph);
    await expect(load()).rejects.toMatchObject({
      code: 'MODEL_SIGNATURE_MISMATCH',
      message: expect.stringContaining(message),
    });
  });
});

describe('golden rows', () => {
  test('refuses a model whose scores differ from those of its training', async () => {
    await writeArtifact({ goldenScores: [0.5, 0.9, 0.1] });
    await expect(load()).rejects.toMatchObject({
      code: 'MODEL_GOLDEN_MISMATCH',
      message: expect.stringMatching(/golden\.json: row 1 has ctr = 0\.9; here the model returns 0\.98/),
    });
  });

  test('refuses a model that returns NaN', async () => {
    await writeArtifact();
    await writeGraph({
      nodes: [
        { op: 'ReduceSum', inputs: ['x', 'axes'], outputs: ['sum'] },
        { op: 'Log', inputs: ['sum'], outputs: ['ctr'] },
      ],
    });
    await expect(load()).rejects.toMatchObject({ code: 'MODEL_GOLDEN_MISMATCH' });
  });

  test('puts the declared number where a golden value is null', async () => {
    await writeArtifact({ imputed: 3 });
    const golden = { format: 1, features: FEATURES, rows: [[null, 0, 0]], outputs: { ctr: [sigmoid(1.5)] } };
    await writeFile(join(folder, 'golden.json'), JSON.stringify(golden));
    await load();
    await expect(load({ missing: -1 })).rejects.toMatchObject({ code: 'MODEL_GOLDEN_MISMATCH' });
  });

  test.each([
    [
      'is missing',
      null,
      'cannot be read; the training script must write it: rows of the data with the scores',
    ],
    ['is not JSON', '{', 'is not JSON'],
    ['has another format', '{"format":2}', 'golden.json: format'],
    [
      'has no rows',
      JSON.stringify({ format: 1, features: FEATURES, rows: [], outputs: {} }),
      'golden.json: rows',
    ],
    [
      'has a short row',
      JSON.stringify({ format: 1, features: FEATURES, rows: [[1]], outputs: { ctr: [1] } }),
      'row 0 has 1 numbers',
    ],
    [
      'lacks an output',
      JSON.stringify({ format: 1, features: FEATURES, rows: [[1, 1, 1]], outputs: {} }),
      'outputs.ctr must hold one score',
    ],
  ])('refuses an artifact whose golden.json %s', async (_, text, message) => {
    await writeArtifact();
    if (text === null) await rm(join(folder, 'golden.json'));
    else await writeFile(join(folder, 'golden.json'), text);
    await expect(load()).rejects.toMatchObject({
      code: 'ARTIFACT_INVALID',
      message: expect.stringContaining(message),
    });
  });
});
