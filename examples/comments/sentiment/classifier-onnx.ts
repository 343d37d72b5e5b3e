import { buildOnnx } from '@larder/model-runtime/onnx';
import { FACTOR, PAIRS, type Classifier } from './classifier.ts';

/** int64 tokens [N, L] → float32 probabilities of negative and positive [N, 2]. */
export function classifierOnnx({ bias, words, pairs }: Classifier): Uint8Array {
  const scalar = (value: bigint) => ({ shape: [1], data: BigInt64Array.of(value) });
  return buildOnnx({
    name: 'sentiment',
    inputs: [{ name: 'input_ids', type: 'int64', shape: ['N', 'L'] }],
    outputs: [{ name: 'probabilities', shape: ['N', 2] }],
    nodes: [
      { op: 'Gather', inputs: ['words', 'input_ids'], outputs: ['of_words'] },
      { op: 'ReduceSum', inputs: ['of_words', 'tokens'], outputs: ['word_sum'], attributes: KEEP },
      { op: 'Slice', inputs: ['input_ids', 'zero', 'minus_one', 'tokens'], outputs: ['first'] },
      { op: 'Slice', inputs: ['input_ids', 'one', 'end', 'tokens'], outputs: ['second'] },
      { op: 'Mul', inputs: ['first', 'factor'], outputs: ['scaled'] },
      { op: 'Add', inputs: ['scaled', 'second'], outputs: ['hash'] },
      { op: 'Mod', inputs: ['hash', 'size'], outputs: ['pair'] },
      { op: 'Gather', inputs: ['pairs', 'pair'], outputs: ['of_pairs'] },
      { op: 'ReduceSum', inputs: ['of_pairs', 'tokens'], outputs: ['pair_sum'], attributes: KEEP },
      { op: 'Add', inputs: ['word_sum', 'pair_sum'], outputs: ['sum'] },
      { op: 'Add', inputs: ['sum', 'bias'], outputs: ['logit'] },
      { op: 'Neg', inputs: ['logit'], outputs: ['minus_logit'] },
      {
        op: 'Concat',
        inputs: ['minus_logit', 'logit'],
        outputs: ['logits'],
        attributes: { axis: { int: 1 } },
      },
      { op: 'Sigmoid', inputs: ['logits'], outputs: ['probabilities'] },
    ],
    initializers: {
      words: { shape: [words.length], data: words },
      pairs: { shape: [pairs.length], data: pairs },
      bias: { shape: [1], data: Float32Array.of(bias) },
      tokens: scalar(1n),
      zero: scalar(0n),
      one: scalar(1n),
      minus_one: scalar(-1n),
      end: scalar(1n << 62n),
      factor: scalar(BigInt(FACTOR)),
      size: scalar(BigInt(PAIRS)),
    },
    metadata: { 'larder.text': JSON.stringify({ max_tokens: 256, classes: ['negative', 'positive'] }) },
  });
}

const KEEP = { keepdims: { int: 1 } } as const;
