import { writeFile } from 'node:fs/promises';
import { buildOnnx, readTensor, sealArtifact } from 'larderjs/training';

const { features, rows, columns } = await readTensor('sets/churn', { columns: ['churned'] });
const churned = (columns['churned'] ?? []).map(Number);
const width = rows[0]?.length ?? 0;

// A missing value counts as the mean.
const mean = Float32Array.from({ length: width }, (_, i) => {
  const known = rows.map((row) => row[i] ?? NaN).filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / Math.max(known.length, 1);
});
const centred = (row: Float32Array) =>
  row.map((value, i) => (Number.isNaN(value) ? 0 : value - (mean[i] ?? 0)));

// Logistic regression by gradient descent.
const weights = new Float32Array(width);
let bias = 0;
const score = (row: Float32Array) => {
  const logit = centred(row).reduce((sum, value, i) => sum + value * (weights[i] ?? 0), bias);
  return 1 / (1 + Math.exp(-logit));
};
for (let epoch = 0; epoch < 50; epoch++)
  for (const [at, row] of rows.entries()) {
    const step = 0.001 * ((churned[at] ?? 0) - score(row));
    for (const [i, value] of centred(row).entries()) weights[i] = (weights[i] ?? 0) + step * value;
    bias = Math.fround(bias + step);
  }

const onnx = buildOnnx({
  name: 'churn',
  inputs: [{ name: 'features', shape: ['N', width] }],
  outputs: [{ name: 'probability', shape: ['N', 1] }],
  nodes: [
    { op: 'IsNaN', inputs: ['features'], outputs: ['missing'] },
    { op: 'Where', inputs: ['missing', 'mean', 'features'], outputs: ['known'] },
    { op: 'Sub', inputs: ['known', 'mean'], outputs: ['centred'] },
    { op: 'Gemm', inputs: ['centred', 'weights', 'bias'], outputs: ['logit'] },
    { op: 'Sigmoid', inputs: ['logit'], outputs: ['probability'] },
  ],
  initializers: {
    mean: { shape: [width], data: mean },
    weights: { shape: [width, 1], data: weights },
    bias: { shape: [1], data: Float32Array.of(bias) },
  },
});
await writeFile('models/churn/model.onnx', onnx);

const test = await readTensor('sets/churn', { part: 'test', columns: ['churned'] });
const right = test.rows.filter(
  (row, at) => score(row) > 0.5 === (Number(test.columns['churned']?.[at]) === 1),
);
const sealed = await sealArtifact('models/churn', 'sets/churn', {
  score: (some) => ({ probability: some.map(score) }),
  training: { metrics: { accuracy: right.length / test.rows.length } },
});
console.log(`${rows.length} rows, ${features.length} features, ${sealed.goldenRows} golden rows`);
