import { basename } from 'node:path';
import { LarderError } from '@larder/core';
import { z } from 'zod';
import type { Feed } from '../session/feed.ts';
import { rowsFeed } from './rows-feed.ts';
import { equalLists, sideBySide, type ModelDefinition, type ModelSignature } from './model-signature.ts';

const values = z.array(z.union([z.number(), z.string(), z.boolean()]).nullable());

/** Members that `golden.json` and `background.json` have in common. docs/reference/artifact.md. */
export const artifactRows = {
  format: z.literal(1),
  /** Of a model with named inputs: by their names. */
  features: z.union([z.array(z.string()), z.record(z.string(), z.array(z.string()))]),
  /** One value per column of the tensor; null where the value is missing. Named inputs: by their names. */
  rows: z.array(z.union([values, z.record(z.string(), values)])).min(1),
};

/** The file with its rows as a request would bring them. */
export interface FedRows {
  readonly path: string;
  readonly feed: Feed;
}

/**
 * The rows of a file as a request would bring them, checked against the definition; nulls become `missing`.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH
 */
export function feedArtifactRows(
  path: string,
  content: z.output<z.ZodObject<typeof artifactRows>>,
  { definition, inputs }: Pick<ModelSignature, 'inputs'> & { readonly definition: ModelDefinition },
): FedRows {
  const named = definition.inputs !== undefined;
  const listed = named
    ? inputs.flatMap(({ name }) => listOf(content.features, name))
    : listOf(content.features);
  if (!equalLists(definition.features, listed)) {
    throw new LarderError(
      'MODEL_SIGNATURE_MISMATCH',
      `${path} has other features than the definition (right column: ${basename(path)}).\n` +
        sideBySide(definition.features, listed),
    );
  }
  for (const { name, width } of inputs) {
    const lengths = content.rows.map((row) => listOf(row, named ? name : undefined).length);
    const wrongRow = lengths.findIndex((length) => length !== width);
    if (wrongRow < 0) continue;
    const ofInput = named ? ` of the input ${name}` : '';
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${path}: row ${wrongRow} has ${lengths[wrongRow]} ${named ? 'values' : 'numbers'}${ofInput}; the features take ${width} columns.`,
    );
  }
  try {
    return { path, feed: rowsFeed(content.rows, inputs, { named, missing: definition.missing }) };
  } catch (cause) {
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${path}: a value of a row does not fit its input: ${String(cause)}`,
      { cause },
    );
  }
}

/** The list itself, or that of a named input; empty when it is of the other kind. */
function listOf<T>(
  lists: readonly T[] | Readonly<Record<string, readonly T[]>>,
  name?: string,
): readonly T[] {
  if (name === undefined) return Array.isArray(lists) ? (lists as readonly T[]) : [];
  return Array.isArray(lists) ? [] : ((lists as Readonly<Record<string, readonly T[]>>)[name] ?? []);
}
