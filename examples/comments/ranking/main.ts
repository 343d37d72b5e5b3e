import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildOnnx } from '@larder/model-runtime/onnx';
import { simulateComments } from './simulated-comments.ts';
import { areaUnderCurve, score, trainRank } from './train.ts';

const { values } = parseArgs({
  options: { out: { type: 'string', default: join(import.meta.dirname, '../models/comment_rank') } },
});

const FEATURES = {
  tone: ['comment_sentiment:sentiment', 'author_activity:sentiment_7d', 'website_mood:mood'],
  counts: ['author_activity:comments_7d', 'author_activity:votes_7d'],
};
/** ONNX's number for float32. */
const FLOAT = 1;
const [learned, heldOut] = [simulateComments(20_000, 1), simulateComments(5_000, 2)];
const model = trainRank(learned);

mkdirSync(values.out, { recursive: true });
const write = (file: string, content: string | Uint8Array): void =>
  writeFileSync(join(values.out, file), content);
write(
  'model.onnx',
  buildOnnx({
    name: 'comment_rank',
    inputs: [
      { name: 'tone', shape: ['N', 3] },
      { name: 'counts', shape: ['N', 2], type: 'float64' },
    ],
    outputs: [{ name: 'score', shape: ['N', 1] }],
    nodes: [
      { op: 'Cast', inputs: ['counts'], outputs: ['numbers'], attributes: { to: { int: FLOAT } } },
      { op: 'Add', inputs: ['numbers', 'one'], outputs: ['above_zero'] },
      { op: 'Log', inputs: ['above_zero'], outputs: ['logs'] },
      { op: 'Concat', inputs: ['tone', 'logs'], outputs: ['scaled'], attributes: { axis: { int: 1 } } },
      { op: 'Gemm', inputs: ['scaled', 'weights', 'bias'], outputs: ['logit'] },
      { op: 'Sigmoid', inputs: ['logit'], outputs: ['score'] },
    ],
    initializers: {
      one: { shape: [1], data: Float32Array.of(1) },
      weights: { shape: [5, 1], data: Float32Array.from(model.weights) },
      bias: { shape: [1], data: Float32Array.of(model.bias) },
    },
    metadata: { 'larder.features': JSON.stringify(FEATURES) },
  }),
);
const golden = heldOut.slice(0, 20);
write(
  'golden.json',
  `${JSON.stringify({
    format: 1,
    features: FEATURES,
    rows: golden.map(({ tone, counts }) => ({ tone, counts })),
    outputs: { score: golden.map((comment) => score(model, comment)) },
    tolerance: 1e-5,
  })}\n`,
);
console.log(
  `${learned.length} simulated comments to learn from; area under the curve ${areaUnderCurve(model, heldOut).toFixed(3)} ` +
    `of ${heldOut.length} others.`,
);
