import { mkdir, writeFile } from 'node:fs/promises';
import { buildOnnx, readTensors, sealArtifact } from 'larderjs/training';

const inputs = {
  numbers: ['activity:orders', 'activity:spent'],
  counts: ['account:logins'],
  plan: ['account:plan'],
};
const { rows, columns } = await readTensors('sets/renewal', {
  types: { numbers: 'float32', counts: 'int64', plan: 'string' },
  inputs,
  columns: ['churned'],
  missing: 0,
});
const churned = (columns['churned'] ?? []).map(Number);
type Row = (typeof rows)[number];

/** The share that leaves of each plan, less the share of all; and the slope over the orders. */
const mean = (of: readonly number[]): number => of.reduce((sum, x) => sum + x, 0) / Math.max(of.length, 1);
const all = mean(churned);
const plans = [...new Set(rows.map(({ plan }) => plan[0] ?? ''))].toSorted();
const ofPlan = plans.map((plan) => mean(churned.filter((_, at) => rows[at]?.plan[0] === plan)) - all);
const orders = rows.map(({ numbers }) => numbers[0] ?? 0);
const spread = orders.map((value) => value - mean(orders));
const slope =
  spread.reduce((sum, x, at) => sum + x * ((churned[at] ?? 0) - all), 0) /
  spread.reduce((sum, x) => sum + x * x, 0);

const weights = [slope, 0, 0, 1];
const bias = all - slope * mean(orders);
const score = ({ numbers, counts, plan }: Row): number => {
  const known = ofPlan[plans.indexOf(plan[0] ?? '')] ?? 0;
  const row = [...numbers, Number(counts[0]), known];
  return row.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), bias);
};

const onnx = buildOnnx({
  name: 'renewal',
  inputs: [
    { name: 'numbers', shape: ['N', 2] },
    { name: 'counts', shape: ['N', 1], type: 'int64' },
    { name: 'plan', shape: ['N', 1], type: 'string' },
  ],
  outputs: [{ name: 'probability', shape: ['N', 1] }],
  nodes: [
    { op: 'Cast', inputs: ['counts'], outputs: ['counted'], attributes: { to: { int: 1 } } },
    {
      op: 'LabelEncoder',
      domain: 'ai.onnx.ml',
      inputs: ['plan'],
      outputs: ['of_plan'],
      attributes: {
        keys_strings: { strings: plans },
        values_floats: { floats: ofPlan },
        default_float: { float: 0 },
      },
    },
    {
      op: 'Concat',
      inputs: ['numbers', 'counted', 'of_plan'],
      outputs: ['row'],
      attributes: { axis: { int: 1 } },
    },
    { op: 'Gemm', inputs: ['row', 'weights', 'bias'], outputs: ['probability'] },
  ],
  initializers: {
    weights: { shape: [4, 1], data: Float32Array.from(weights) },
    bias: { shape: [1], data: Float32Array.of(bias) },
  },
});
await mkdir('models/renewal', { recursive: true });
await writeFile('models/renewal/model.onnx', onnx);
const sealed = await sealArtifact('models/renewal', 'sets/renewal', {
  inputs,
  missing: 0,
  score: (some: readonly Row[]) => ({ probability: some.map(score) }),
});
console.log(`${rows.length} rows, ${sealed.features.length} features, ${sealed.goldenRows} golden rows`);
