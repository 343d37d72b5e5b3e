import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildOnnx } from '@larder/model-runtime/onnx';
import { simulateComments } from './simulated-comments.ts';
import { areaUnderCurve, COUNTS, score, trainRank } from './train.ts';

const { values } = parseArgs({
  options: { out: { type: 'string', default: join(import.meta.dirname, '../models/comment_rank') } },
});

const FEATURES = [
  'comment_sentiment:sentiment',
  'author_activity:comments_7d',
  'author_activity:sentiment_7d',
  'author_activity:votes_7d',
];
const [learned, heldOut] = [simulateComments(20_000, 1), simulateComments(5_000, 2)];
const model = trainRank(learned);

mkdirSync(values.out, { recursive: true });
const write = (file: string, content: string | Uint8Array): void =>
  writeFileSync(join(values.out, file), content);
const isCount = Float32Array.from(COUNTS, Number);
write(
  'model.onnx',
  buildOnnx({
    name: 'comment_rank',
    inputs: [{ name: 'features', shape: ['N', FEATURES.length] }],
    outputs: [{ name: 'score', shape: ['N', 1] }],
    nodes: [
      // log(1 + count) + rest, column by column
      { op: 'Mul', inputs: ['features', 'is_count'], outputs: ['counts'] },
      { op: 'Sub', inputs: ['features', 'counts'], outputs: ['rest'] },
      { op: 'Add', inputs: ['counts', 'one'], outputs: ['above_zero'] },
      { op: 'Log', inputs: ['above_zero'], outputs: ['logs'] },
      { op: 'Add', inputs: ['logs', 'rest'], outputs: ['scaled'] },
      { op: 'Gemm', inputs: ['scaled', 'weights', 'bias'], outputs: ['logit'] },
      { op: 'Sigmoid', inputs: ['logit'], outputs: ['score'] },
    ],
    initializers: {
      is_count: { shape: [FEATURES.length], data: isCount },
      one: { shape: [1], data: Float32Array.of(1) },
      weights: { shape: [FEATURES.length, 1], data: Float32Array.from(model.weights) },
      bias: { shape: [1], data: Float32Array.of(model.bias) },
    },
    metadata: { 'larder.features': JSON.stringify(FEATURES) },
  }),
);
const golden = heldOut.slice(0, 20).map(({ features }) => features);
write(
  'golden.json',
  `${JSON.stringify({
    format: 1,
    features: FEATURES,
    rows: golden,
    outputs: { score: golden.map((row) => score(model, row)) },
    tolerance: 1e-5,
  })}\n`,
);
console.log(
  `${learned.length} simulated comments to learn from; area under the curve ${areaUnderCurve(model, heldOut).toFixed(3)} ` +
    `of ${heldOut.length} others.`,
);
