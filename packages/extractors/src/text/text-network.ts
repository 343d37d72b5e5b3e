import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { LarderError } from '@larder/core';
import { createSession, readArtifactJson, worstDifference, type Session } from '@larder/model-runtime';
import { z } from 'zod';
import { pool } from './pool.ts';
import { MAX_CHARACTERS } from './text-options.ts';

/** A loaded and checked network over texts. */
export interface TextNetwork {
  /** Number of floats that `run` returns. */
  readonly length: number;
  /** What they are the probabilities of; null: not declared. */
  readonly classes: readonly string[] | null;
  /** Blocks the thread while it runs. */
  run(text: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/** `larder.text` in the metadata of the model: what surrounds the network. */
const surroundings = z.strictObject({
  /** Longest sequence that the network reads, with its special tokens. */
  max_tokens: z.int().min(1).default(256),
  /** Of outputs [N, L, K]: the mean over the tokens, or the first token's. */
  pooling: z.enum(['mean', 'first']).default('mean'),
  /** To length 1, for embeddings that are compared by their angle. */
  normalize: z.boolean().default(false),
  /** Of outputs that are logits. */
  softmax: z.boolean().default(false),
  classes: z.array(z.string()).optional(),
});

const goldenTexts = z.strictObject({
  format: z.literal(1),
  texts: z.array(z.string()).min(1),
  outputs: z.array(z.array(z.number())),
  tolerance: z.number().positive().default(1e-4),
});

/** The library reads others too, and gives no ids. */
const TOKENIZERS: readonly unknown[] = ['WordPiece', 'BPE', 'Unigram'];
const tokenizerFile = z.looseObject({ model: z.looseObject({ type: z.string() }) });

const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'];

/**
 * Loads `model.onnx` with inputs int64 [N, L] (`input_ids`; `attention_mask` and `token_type_ids` where it has them) and one
 * output float32 [N, K] or [N, L, K], and `tokenizer.json` in the format of Hugging Face; runs its golden texts. One text per
 * run, so that a value never depends on the other texts of a batch.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH
 */
export async function loadTextNetwork(artifactPath: string): Promise<TextNetwork> {
  const tokenizer = await readTokenizer(artifactPath);
  const session = await createSession({ modelPath: join(artifactPath, 'model.onnx') });
  try {
    const network = createNetwork(session, tokenizer, artifactPath);
    await checkGoldenTexts(network, artifactPath);
    return network;
  } catch (error) {
    await session.close();
    throw error;
  }
}

function createNetwork(session: Session, tokenizer: Tokenizer, artifactPath: string): TextNetwork {
  const { output, length } = checkSignature(session, artifactPath);
  const { max_tokens: maxTokens, classes, ...surrounding } = readSurroundings(session, artifactPath);
  const names = session.inputs.map(({ name }) => name);
  return {
    length,
    classes: classes ?? null,
    async run(text) {
      const ids = tokenIds(tokenizer, text, maxTokens);
      const dims = [1, ids.length];
      const feeds = Object.fromEntries(
        names.map((name) => {
          const data = name === 'input_ids' ? ids : new BigInt64Array(ids.length);
          return [name, { data: name === 'attention_mask' ? data.fill(1n) : data, dims }];
        }),
      );
      const { [output]: found } = await session.run(feeds, [output]);
      return pool(found as NonNullable<typeof found>, surrounding);
    },
    close: () => session.close(),
  };
}

/** At least one token: networks do not run on an empty sequence. */
function tokenIds(tokenizer: Tokenizer, text: string, maxTokens: number): BigInt64Array {
  const { ids } = tokenizer.encode(text.slice(0, MAX_CHARACTERS));
  if (ids.length === 0) return BigInt64Array.of(0n);
  // The last token is special where the tokenizer adds any: it ends a cut sequence too.
  const cut = ids.length <= maxTokens ? ids : [...ids.slice(0, maxTokens - 1), ids.at(-1) as number];
  return BigInt64Array.from(cut, BigInt);
}

async function readTokenizer(artifactPath: string): Promise<Tokenizer> {
  const path = join(artifactPath, 'tokenizer.json');
  const file = await readArtifactJson(path, tokenizerFile);
  if (!TOKENIZERS.includes(file.model.type))
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${path} is a tokenizer of the kind ${file.model.type}; those of ${TOKENIZERS.join(', ')} can be read.`,
    );
  try {
    return new Tokenizer(file, {});
  } catch (cause) {
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${path} cannot be read as a tokenizer; save it with the model, by tokenizer.save in Python.`,
      { cause },
    );
  }
}

function checkSignature(session: Session, artifactPath: string): { output: string; length: number } {
  const { inputs, outputs } = session;
  const [output] = outputs;
  const length = output?.shape.at(-1);
  const fits =
    inputs.some(({ name }) => name === 'input_ids') &&
    inputs.every(
      ({ name, type, shape }) => INPUTS.includes(name) && type === 'int64' && shape.length === 2,
    ) &&
    outputs.length === 1 &&
    output?.type === 'float32' &&
    (output.shape.length === 2 || output.shape.length === 3);
  if (fits && typeof length === 'number') return { output: output.name, length };
  const shown = (specs: Session['inputs']): string =>
    specs
      .map(({ name, type, shape }) => `${name} (${type} [${shape.map((size) => size ?? 'N').join(', ')}])`)
      .join(', ');
  throw new LarderError(
    'MODEL_SIGNATURE_MISMATCH',
    `${artifactPath}: a network over texts has inputs int64 [N, L] out of ${INPUTS.join(', ')} and one output float32 ` +
      `[N, K] or [N, L, K] with a fixed K; this file has inputs ${shown(inputs)} and outputs ${shown(outputs)}.`,
  );
}

function readSurroundings(session: Session, artifactPath: string): z.output<typeof surroundings> {
  try {
    return surroundings.parse(JSON.parse(session.metadata['larder.text'] ?? '{}'));
  } catch (cause) {
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${artifactPath}: the metadata 'larder.text' must be like {"max_tokens":256,"pooling":"mean","normalize":true}.`,
      { cause },
    );
  }
}

async function checkGoldenTexts(network: TextNetwork, artifactPath: string): Promise<void> {
  const { texts, outputs, tolerance } = await readArtifactJson(
    join(artifactPath, 'golden.json'),
    goldenTexts,
  );
  for (const [index, text] of texts.entries()) {
    const expected = outputs[index];
    if (expected?.length !== network.length)
      throw new LarderError(
        'ARTIFACT_INVALID',
        `${artifactPath}: golden.json must hold ${network.length} floats for the text ${index}.`,
      );
    const worst = worstDifference(await network.run(text), expected, tolerance);
    if (worst === null) continue;
    throw new LarderError(
      'MODEL_GOLDEN_MISMATCH',
      `${artifactPath}: output ${worst.index} of golden text ${index} is ${worst.expected}; here the network returns ` +
        `${worst.actual} (tolerance ${tolerance}). Write model.onnx, tokenizer.json and golden.json again, together.`,
    );
  }
}
