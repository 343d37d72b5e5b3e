import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** True when the folder on this host has the complete set of that id. */
export async function holdsSet(folder: string, trainingSetId: string): Promise<boolean> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
    return (manifest as { training_set_id?: unknown } | null)?.training_set_id === trainingSetId;
  } catch {
    return false;
  }
}
