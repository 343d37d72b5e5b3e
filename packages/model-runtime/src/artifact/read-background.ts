import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { artifactRows, feedArtifactRows, type FedRows } from './artifact-rows.ts';
import type { ModelDefinition, ModelSignature } from './model-signature.ts';
import { readArtifactJson } from './read-artifact-json.ts';

/** Rows that predictions are explained against. docs/reference/artifact.md. */
const backgroundRows = z.object(artifactRows);

export type BackgroundRows = z.output<typeof backgroundRows> & FedRows;

/**
 * Reads an artifact's `background.json` and checks it against the definition; nulls become `missing`. Undefined without
 * the file.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH
 */
export async function readBackground(
  artifactPath: string,
  definition: ModelDefinition,
  { inputs }: Pick<ModelSignature, 'inputs'>,
): Promise<BackgroundRows | undefined> {
  const path = join(artifactPath, 'background.json');
  if ((await stat(path).catch(() => null)) === null) return undefined;
  const background = await readArtifactJson(path, backgroundRows);
  return { ...background, ...feedArtifactRows(path, background, { definition, inputs }) };
}
