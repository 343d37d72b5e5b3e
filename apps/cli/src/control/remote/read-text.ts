import { LarderError } from '@larder/core';

/** More than any answer of a service has; files are not read by this. */
const MAX_ANSWER_BYTES = 64 * 2 ** 20;

/** Reads a body up to a limit, whatever its headers say. @throws SERVICE_ANSWER_INVALID */
export async function readText(response: Response, maxBytes = MAX_ANSWER_BYTES): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > maxBytes)
      throw new LarderError(
        'SERVICE_ANSWER_INVALID',
        `The answer is larger than ${maxBytes / 2 ** 20} MiB, which no answer of a Larder service is.`,
      );
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
