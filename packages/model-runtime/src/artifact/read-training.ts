import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LarderError } from '@larder/core';

const MAX_BYTES = 256 * 1024;

/**
 * What a trainer left in `training.json`: parameters, metrics, commit, data, as one JSON object. Undefined without the file.
 * @throws ARTIFACT_INVALID
 */
export async function readTraining(folder: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const path = join(folder, 'training.json');
  const file = await stat(path).catch(() => null);
  if (file === null) return undefined;
  const refuse = (why: string): never => {
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${path} ${why}; let the trainer write it again, or delete it.`,
    );
  };
  if (!file.isFile()) return refuse('is not a file');
  if (file.size > MAX_BYTES) return refuse(`has ${file.size} bytes; at most ${MAX_BYTES} are kept`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)));
  } catch {
    return refuse('is not JSON in UTF-8');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return refuse('is not a JSON object');
  // PostgreSQL cannot store this character
  if (JSON.stringify(json).includes('\\u0000')) return refuse('contains the character U+0000');
  return json as Record<string, unknown>;
}
