import { join } from 'node:path';
import { cropLine } from './crop-line.ts';
import type { Pixels } from './pixels.ts';
import type { RotatedBox } from './rotated-box.ts';
import { loadTextDetector } from './text-detector.ts';
import { loadTextRecognizer } from './text-recognizer.ts';

/** One line of text on a picture. */
export interface TextLine {
  readonly text: string;
  readonly box: RotatedBox;
}

/** Both networks, loaded. */
export interface TextReader {
  /** Every line that can be read, in no particular order. Blocks the thread while a network runs. */
  read(picture: Pixels): Promise<TextLine[]>;
  close(): Promise<void>;
}

/** Below this the recognizer is guessing: patterns and drawings that look like text. */
const MIN_CONFIDENCE = 0.6;

/** @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH */
export async function loadTextReader(folder: string): Promise<TextReader> {
  const detector = await loadTextDetector(join(folder, 'ch_PP-OCRv4_det_infer.onnx'));
  const recognizer = await loadTextRecognizer(
    join(folder, 'ch_PP-OCRv4_rec_infer.onnx'),
    join(folder, 'ppocr_keys_v1.txt'),
  ).catch(async (error: unknown) => {
    await detector.close();
    throw error;
  });
  return {
    async read(picture) {
      const lines: TextLine[] = [];
      for (const box of await detector.detect(picture)) {
        const { text, confidence } = await recognizer.read(cropLine(picture, box));
        // The dictionary also has full-width forms of Latin letters and signs, with the same meaning.
        const plain = text.normalize('NFKC').trim();
        if (confidence >= MIN_CONFIDENCE && plain !== '') lines.push({ text: plain, box });
      }
      return lines;
    },
    close: async () => {
      await Promise.all([detector.close(), recognizer.close()]);
    },
  };
}
