import { createReadStream } from 'node:fs';
import { LarderError } from '@larder/core';

const MAX_DEPTH = 100;
const [NEWLINE, QUOTE, BACKSLASH] = [0x0a, 0x22, 0x5c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * DuckDB follows nested JSON by recursion: a line with a hundred thousand brackets would end the process.
 * @param called the file in messages
 * @throws DATA_FILE_INVALID, the error of the file system
 */
export async function refuseDeepJson(path: string, called: string): Promise<void> {
  let line = 1;
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  for await (const chunk of createReadStream(path))
    for (const byte of chunk as Buffer) {
      if (byte === NEWLINE) {
        line++;
        depth = 0;
        isText = isEscaped = false;
      } else if (isEscaped) isEscaped = false;
      else if (byte === QUOTE) isText = !isText;
      else if (isText) isEscaped = byte === BACKSLASH;
      else if (CLOSING.has(byte)) depth--;
      else if (OPENING.has(byte) && ++depth > MAX_DEPTH)
        throw new LarderError(
          'DATA_FILE_INVALID',
          `${called}, line ${line}: values are nested more than ${MAX_DEPTH} deep.`,
        );
    }
}
