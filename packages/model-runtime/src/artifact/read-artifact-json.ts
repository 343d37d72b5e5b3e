import { readFile } from 'node:fs/promises';
import { LarderError } from '@larder/core';
import type { z } from 'zod';

/**
 * Reads one JSON file of an artifact folder.
 * @param form what the file must look like, for the error message
 * @throws ARTIFACT_INVALID when it is missing or does not fit, with the first problem.
 */
export async function readArtifactJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  form?: string,
): Promise<z.output<Schema>> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${path} cannot be read; the training script must write it${form === undefined ? '' : `: ${form}`}.`,
      { cause },
    );
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new LarderError('ARTIFACT_INVALID', `${path} is not JSON; write it again.`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LarderError(
    'ARTIFACT_INVALID',
    `${path}: ${issue?.path.join('.') || 'the file'}: ${issue?.message}.`,
  );
}
