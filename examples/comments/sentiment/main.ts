import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Tokenizer } from '@huggingface/tokenizers';
import { createLogger } from '@larder/core';
import { sentiment } from '@larder/extractors';
import { artifact, type SourceRow } from '@larder/features';
import { probability, trainClassifier, type Example } from './classifier.ts';
import { classifierOnnx } from './classifier-onnx.ts';
import { readRatedTexts, type RatedText } from '../texts/read-rated-texts.ts';
import { shuffled } from '../texts/shuffled.ts';
import { wordTokenizer } from '../texts/tokenizer.ts';
import { vocabularyOf } from '../texts/vocabulary.ts';

const { values } = parseArgs({
  options: { out: { type: 'string', default: join(import.meta.dirname, '../models/sentiment') } },
});

/** Ratings nearer to 0 are neither. */
const CLEAR = 0.5;
/** Every tenth text is held out. */
const HELD_OUT = 10;
const WORDS = 12_000;
const GOLDEN = [
  'I love it, thank you so much!',
  'This is the worst film that I have ever seen.',
  'not good',
  'The parcel arrived on Monday.',
  '',
];

const rated = readRatedTexts().filter(({ rating }) => Math.abs(rating) >= CLEAR);
const isHeldOut = (_: RatedText, i: number): boolean => i % HELD_OUT === 0;
const heldOut = rated.filter(isHeldOut);
const train = shuffled(rated.filter((one, i) => !isHeldOut(one, i)));

const words = vocabularyOf(
  train.map(({ text }) => text),
  WORDS,
);
const tokenizerJson = wordTokenizer(words);
const tokenizer = new Tokenizer(tokenizerJson, {});
const idsOf = (text: string): number[] => tokenizer.encode(text).ids;
const examples: Example[] = train.map(({ text, rating }) => ({ ids: idsOf(text), positive: rating > 0 }));
const classifier = trainClassifier(examples, {
  vocabulary: words.length + 1,
  rounds: 6,
  rate: 0.05,
  decay: 0.02,
});

mkdirSync(values.out, { recursive: true });
const write = (file: string, content: string | Uint8Array): void =>
  writeFileSync(join(values.out, file), content);
write('model.onnx', classifierOnnx(classifier));
write('tokenizer.json', `${JSON.stringify(tokenizerJson, null, 1)}\n`);
write(
  'golden.json',
  `${JSON.stringify({
    format: 1,
    texts: GOLDEN,
    outputs: GOLDEN.map((text) => {
      const ids = idsOf(text);
      const positive = probability(classifier, ids.length === 0 ? [0] : ids);
      return [1 - positive, positive];
    }),
  })}\n`,
);

console.log(`${train.length} texts to learn from, ${words.length} words, ${heldOut.length} texts held out.`);
const correct = ({ text, rating }: RatedText): boolean =>
  probability(classifier, idsOf(text)) > 0.5 === rating > 0;
for (const corpus of ['all', ...new Set(rated.map((one) => one.corpus))]) {
  const texts = heldOut.filter((one) => corpus === 'all' || one.corpus === corpus);
  const positive = texts.filter(({ rating }) => rating > 0).length / texts.length;
  console.log(
    `${corpus.padEnd(22)} accuracy ${(texts.filter(correct).length / texts.length).toFixed(3)} ` +
      `of ${texts.length} held out (${Math.max(positive, 1 - positive).toFixed(3)} by always the same answer)`,
  );
}

const { createComputation } = await sentiment({ model: artifact('models/sentiment') }).load();
const computation = await createComputation({
  options: {},
  artifactPaths: { model: values.out },
  allowedHosts: [],
  logger: createLogger('train', { level: 'warn' }),
});
const startedAt = performance.now();
await computation.compute(heldOut as unknown as SourceRow[], new AbortController().signal);
const each = (performance.now() - startedAt) / heldOut.length;
console.log(`A worker takes ${(1_000 * each).toFixed(0)} µs for a text.`);
await computation.close();
