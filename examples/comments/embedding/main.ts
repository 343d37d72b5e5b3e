import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Tokenizer } from '@huggingface/tokenizers';
import { createLogger } from '@larder/core';
import { textEmbedding } from '@larder/extractors';
import { artifact, type SourceRow } from '@larder/features';
import { readRatedTexts } from '../texts/read-rated-texts.ts';
import { wordTokenizer } from '../texts/tokenizer.ts';
import { vocabularyOf } from '../texts/vocabulary.ts';
import { encode } from './encode.ts';
import { encoderOnnx } from './encoder-onnx.ts';
import { withoutCommon, wordVectors } from './word-vectors.ts';

const { values } = parseArgs({
  options: { out: { type: 'string', default: join(import.meta.dirname, '../models/text_encoder') } },
});

/** Every tenth text is held out. */
const HELD_OUT = 10;
const WORDS = 5_000;
const DIMENSIONS = 48;
/** A held-out text of so many words is cut in two, and each half must find the other. */
const WORDS_TO_CUT = 20;
const CHOICES = 100;
const GOLDEN = ['The battery died after two weeks.', 'A film with a good story and great actors.', 'zzz', ''];

const texts = readRatedTexts().map(({ text }) => text);
const heldOut = texts.filter((_, i) => i % HELD_OUT === 0);
const train = texts.filter((_, i) => i % HELD_OUT > 0);
const words = vocabularyOf(train, WORDS);
const tokenizerJson = wordTokenizer(words);
const tokenizer = new Tokenizer(tokenizerJson, {});
const idsOf = (text: string): number[] => tokenizer.encode(text).ids;
const startedAt = performance.now();
const examples = train.map(idsOf);
const ofWords = wordVectors(examples, {
  vocabulary: words.length + 1,
  dimensions: DIMENSIONS,
  window: 8,
  rounds: 8,
});
const vectors = withoutCommon(ofWords, DIMENSIONS, examples);
const seconds = (performance.now() - startedAt) / 1_000;

mkdirSync(values.out, { recursive: true });
const write = (file: string, content: string | Uint8Array): void =>
  writeFileSync(join(values.out, file), content);
write('model.onnx', encoderOnnx(vectors, DIMENSIONS));
write('tokenizer.json', `${JSON.stringify(tokenizerJson, null, 1)}\n`);
const outputs = GOLDEN.map((text) => encode(vectors, DIMENSIONS, idsOf(text)));
write('golden.json', `${JSON.stringify({ format: 1, texts: GOLDEN, outputs })}\n`);
console.log(`${train.length} texts, ${words.length} words, ${seconds.toFixed(0)} s to train.`);

const halves = heldOut
  .map(idsOf)
  .filter((ids) => ids.length >= WORDS_TO_CUT)
  .map((ids) => [ids.slice(0, ids.length / 2), ids.slice(ids.length / 2)] as const);
const found = (similar: (one: readonly number[], other: readonly number[]) => number): number => {
  const right = halves.filter(([first, second], at) => {
    const others = Array.from(
      { length: CHOICES - 1 },
      (_, i) => halves[(at + i + 1) % halves.length]?.[1] ?? [],
    );
    const best = similar(first, second);
    return others.every((other) => similar(first, other) < best);
  });
  return right.length / halves.length;
};
const known = new Map<readonly number[], number[]>();
const embedding = (ids: readonly number[]): number[] => {
  const encoded = known.get(ids) ?? encode(vectors, DIMENSIONS, ids);
  known.set(ids, encoded);
  return encoded;
};
const byEmbedding = found((one, other) => cosine(embedding(one), embedding(other)));
const byWords = found((one, other) => {
  const of = new Set(other);
  return new Set(one.filter((id) => of.has(id))).size / Math.sqrt(one.length * other.length);
});
console.log(
  `The other half of a held-out text, out of ${CHOICES}: found for ${(100 * byEmbedding).toFixed(1)} % of ` +
    `${halves.length} texts (${(100 * byWords).toFixed(1)} % by the words in common, 1 % by chance).`,
);

const { createComputation } = await textEmbedding({ encoder: artifact('models/text_encoder') }).load();
const computation = await createComputation({
  options: {},
  artifactPaths: { encoder: values.out },
  allowedHosts: [],
  logger: createLogger('train', { level: 'warn' }),
});
const computeAt = performance.now();
const rows: SourceRow[] = heldOut.map((text) => ({ text }));
await computation.compute(rows, new AbortController().signal);
console.log(
  `A worker takes ${((1_000 * (performance.now() - computeAt)) / rows.length).toFixed(0)} µs for a text.`,
);
await computation.close();

function cosine(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, i) => sum + value * (other[i] as number), 0);
}
