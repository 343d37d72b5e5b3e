import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, newId } from '@larder/core';
import { artifact, type Computation, type ComputeDescriptor, type SourceRow } from '@larder/features';
import { buildOnnx } from '@larder/model-runtime/onnx';
import { expect, inject, onTestFinished, test } from 'vitest';
import { sentiment } from './sentiment.ts';
import { textEmbedding } from './text-embedding.ts';

const WORDS = ['[UNK]', 'good', 'bad', 'film'];
/** [words, 2] */
const TABLE = Float32Array.of(0, 0, 3, 4, -3, 4, 0, 1);

const TOKENIZER = {
  version: '1.0',
  added_tokens: [],
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: { type: 'Whitespace' },
  post_processor: null,
  decoder: null,
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
  },
};

interface Given {
  readonly surroundings?: object;
  readonly tokenizer?: object;
  readonly golden?: object;
  readonly input?: string;
}

/** The folder of a network that looks words up in a table: [N, L] → [N, L, 2]. */
function writeNetwork({
  surroundings = {},
  tokenizer = TOKENIZER,
  golden,
  input = 'input_ids',
}: Given): string {
  const folder = join(inject('testFolder'), newId());
  mkdirSync(folder, { recursive: true });
  const json = (file: string, content: object) => writeFileSync(join(folder, file), JSON.stringify(content));
  json('tokenizer.json', tokenizer);
  json('golden.json', golden ?? { format: 1, texts: ['x'], outputs: [[0, 0]], tolerance: 1 });
  writeFileSync(
    join(folder, 'model.onnx'),
    buildOnnx({
      name: 'words',
      inputs: [{ name: input, type: 'int64', shape: ['N', 'L'] }],
      outputs: [{ name: 'hidden', shape: ['N', 'L', 2] }],
      nodes: [{ op: 'Gather', inputs: ['table', input], outputs: ['hidden'] }],
      initializers: { table: { shape: [WORDS.length, 2], data: TABLE } },
      metadata: { 'larder.text': JSON.stringify(surroundings) },
    }),
  );
  return folder;
}

async function open(descriptor: ComputeDescriptor, folder: string): Promise<Computation> {
  const { createComputation } = await descriptor.load();
  const computation = await createComputation({
    options: descriptor.options,
    artifactPaths: { encoder: folder, model: folder },
    allowedHosts: [],
    logger: createLogger('test', { level: 'silent' }),
  });
  onTestFinished(() => computation.close());
  return computation;
}

const embedding = (given: Given = {}) =>
  open(textEmbedding({ encoder: artifact('models/words') }), writeNetwork(given));

const { signal } = new AbortController();

async function values(computation: Computation, ...texts: readonly unknown[]): Promise<unknown[]> {
  const outcomes = await computation.compute(
    texts.map((text): SourceRow => ({ text })),
    signal,
  );
  return outcomes.map((outcome) =>
    'failure' in outcome ? outcome.failure.code : Array.from(outcome.values['embedding'] as Float32Array),
  );
}

test('tokens are pooled as the model says', async () => {
  expect(await values(await embedding(), 'Good film', 'unknown words')).toEqual([
    [1.5, 2.5],
    [0, 0],
  ]);
  expect(await values(await embedding({ surroundings: { pooling: 'first' } }), 'bad film')).toEqual([
    [-3, 4],
  ]);
  const normalized = await values(await embedding({ surroundings: { normalize: true } }), 'good', 'unknown');
  expect(normalized[0]).toEqual([0.6, 0.8].map(Math.fround));
  expect(normalized[1]).toEqual([0, 0]);
});

test('long texts are cut, empty ones are unknown, missing ones are null, others fail alone', async () => {
  const cut = await embedding({ surroundings: { max_tokens: 1 } });
  expect(await values(cut, 'good bad')).toEqual([[-3, 4]]);
  const computation = await embedding();
  expect(await values(computation, '', 'x'.repeat(5_000_000), 7, 'good')).toEqual([
    [0, 0],
    [0, 0],
    'TEXT_INVALID',
    [3, 4],
  ]);
  expect(await computation.compute([{ text: null }], signal)).toEqual([{ values: { embedding: null } }]);
  expect(await computation.compute([{ other: 'x' }], signal)).toMatchObject([
    { failure: { code: 'TEXT_INVALID', reason: expect.stringContaining("no column 'text'") as string } },
  ]);
});

test('when time is up, the other texts fail retryably', async () => {
  const controller = new AbortController();
  const computation = await embedding();
  const outcomes = computation.compute([{ text: 'good' }, { text: 'bad' }], controller.signal);
  controller.abort();
  expect(await outcomes).toMatchObject([
    { failure: { code: 'COMPUTATION_TIMED_OUT', retryable: true } },
    { failure: { code: 'COMPUTATION_TIMED_OUT', retryable: true } },
  ]);
});

test('a folder that does not fit is refused with the reason', async () => {
  await expect(embedding({ input: 'pixels' })).rejects.toMatchObject({
    code: 'MODEL_SIGNATURE_MISMATCH',
    message: expect.stringContaining('inputs pixels (int64 [N, N])') as string,
  });
  await expect(
    embedding({ tokenizer: { ...TOKENIZER, model: { type: 'WordLevel' } } }),
  ).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
    message: expect.stringContaining('of the kind WordLevel') as string,
  });
  await expect(embedding({ surroundings: { pooling: 'max' } })).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
  });
  await expect(
    embedding({ golden: { format: 1, texts: ['good'], outputs: [[3, 5]] } }),
  ).rejects.toMatchObject({
    code: 'MODEL_GOLDEN_MISMATCH',
    message: expect.stringContaining('output 1 of golden text 0 is 5; here the network returns 4') as string,
  });
});

test('a sentiment classifier says what its outputs are', async () => {
  const classifier = (surroundings: object) =>
    open(sentiment({ model: artifact('models/words') }), writeNetwork({ surroundings }));
  const computation = await classifier({ classes: ['positive', 'negative'], softmax: true });
  const [outcome] = await computation.compute([{ text: 'good' }], signal);
  const positive = 1 / (1 + Math.exp(1));
  expect(outcome).toEqual({
    values: {
      positive: expect.closeTo(positive, 6) as number,
      negative: expect.closeTo(1 - positive, 6) as number,
      sentiment: expect.closeTo(2 * positive - 1, 6) as number,
    },
  });
  expect(await computation.compute([{ text: null }], signal)).toEqual([
    { values: { positive: null, negative: null, sentiment: null } },
  ]);
  for (const surroundings of [{}, { classes: ['positive'] }, { classes: ['positive', 'angry'] }])
    await expect(classifier(surroundings)).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });
});
