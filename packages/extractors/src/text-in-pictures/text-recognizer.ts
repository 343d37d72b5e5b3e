import { readFile } from 'node:fs/promises';
import { LarderError } from '@larder/core';
import { createSession } from '@larder/model-runtime';
import { LINE_HEIGHT, type LinePixels } from './crop-line.ts';
import { decodeCtc, type ReadText } from './decode-ctc.ts';

/** A loaded network that reads one line. */
export interface TextRecognizer {
  /** Reads one line. Blocks the thread for about 0.1 ms per pixel of width. */
  read(line: LinePixels): Promise<ReadText>;
  close(): Promise<void>;
}

/**
 * One line per run: on one core a batch takes longer than its lines one by one, and a line's text never depends on the
 * rest of a batch (docs/adr/0005-one-line-a-run.md).
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH
 */
export async function loadTextRecognizer(modelPath: string, dictionaryPath: string): Promise<TextRecognizer> {
  const characters = await readDictionary(dictionaryPath);
  const session = await createSession({ modelPath });
  const [input] = session.inputs;
  const [output] = session.outputs;
  const classes = output?.shape[2];
  if (input?.shape.length !== 4 || output === undefined || classes !== characters.length + 1) {
    await session.close();
    throw new LarderError(
      'MODEL_SIGNATURE_MISMATCH',
      `${modelPath}: a text recognizer has an input float32 [1, 3, ${LINE_HEIGHT}, W] and an output float32 ` +
        `[1, steps, ${characters.length + 1}], one class more than the ${characters.length} characters of ${dictionaryPath}.`,
    );
  }
  return {
    async read({ data, width }) {
      const results = await session.run({ [input.name]: { data, dims: [1, 3, LINE_HEIGHT, width] } }, [
        output.name,
      ]);
      return decodeCtc(results[output.name]?.data as Float32Array, characters);
    },
    close: () => session.close(),
  };
}

/** One character per line; the space is the last class and is not in the file. */
async function readDictionary(path: string): Promise<string[]> {
  const content = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LarderError('ARTIFACT_INVALID', `${path} (one character per line) cannot be read.`, { cause });
  });
  return [...content.replace(/\r?\n$/, '').split(/\r?\n/), ' '];
}
