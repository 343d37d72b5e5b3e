import { jsonPointer, LarderError } from '@larder/core';
import type { SourceManifest } from '@larder/features';
import type { z } from 'zod';
import type { RowSource } from './row-source.ts';
import type { SourceContext } from './source-context.ts';

/** An entry in the list of source kinds. Listing loads no library of the kind: `open` imports them. */
export interface SourceKind {
  /** Example of a connection's address, for errors: `postgresql://user:password@host:5432/database`. */
  readonly exampleUrl: string | null;
  /** Columns that only say how a row is reached from this process, not what it holds. */
  readonly accessColumns: readonly string[];
  /** Equal for two manifests that read the same rows: without what is only formatting. */
  canonical(manifest: SourceManifest): unknown;
  /** @throws SOURCE_NOT_CONFIGURED, MANIFEST_INVALID */
  open(manifest: SourceManifest, context: SourceContext): Promise<RowSource>;
}

interface SourceKindParts<M extends SourceManifest> {
  /** Schema of this kind in the manifest. */
  readonly manifest: z.ZodType<M>;
  readonly exampleUrl?: string;
  /** @default none */
  readonly accessColumns?: readonly string[];
  /** @default the manifest itself */
  readonly canonical?: (manifest: M) => unknown;
  /** Imports the folder's `open.ts`, and with it the libraries of the kind. */
  load(): Promise<(manifest: M, context: SourceContext) => RowSource>;
}

export function sourceKind<M extends SourceManifest>(parts: SourceKindParts<M>): SourceKind {
  return {
    exampleUrl: parts.exampleUrl ?? null,
    accessColumns: parts.accessColumns ?? [],
    canonical(manifest) {
      const { data } = parts.manifest.safeParse(manifest);
      return data === undefined || parts.canonical === undefined ? manifest : parts.canonical(data);
    },
    async open(manifest, context) {
      const checked = parts.manifest.safeParse(manifest);
      if (!checked.success)
        throw new LarderError(
          'MANIFEST_INVALID',
          `A source of kind '${manifest.kind}' has options that this version of Larder does not know.`,
          {
            errors: checked.error.issues.map(({ path, message }) => ({
              pointer: jsonPointer(path),
              detail: message,
            })),
          },
        );
      return (await parts.load())(checked.data, context);
    },
  };
}
