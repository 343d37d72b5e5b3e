import { isLarderError, LarderError } from '@larder/core';
import { viewRef, type EntityManifest, type FeatureViewManifest } from '@larder/features';
import { createSources } from '@larder/sources';

export interface CheckSourcesOptions {
  /** Folder of the project. */
  readonly root: string;
  readonly connections: Readonly<Record<string, string>>;
}

/** A view, or an event source, that reads a source. */
export interface SourceReader {
  readonly manifest: FeatureViewManifest;
  readonly entity: EntityManifest;
}

/**
 * Prepares the query of each reader at its source. A source that does not answer, or has no address here, stops nobody from
 * working on the rest.
 * @returns what is noteworthy, in lines
 * @throws SOURCE_QUERY_INVALID
 */
export async function checkSources(
  readers: readonly SourceReader[],
  { root, connections }: CheckSourcesOptions,
): Promise<string[]> {
  const sources = createSources({ root, connections, maxConnections: Math.max(1, readers.length) });
  try {
    const notes = await Promise.all(
      readers.map(async ({ manifest: view, entity }) => {
        try {
          // the process ends when the caller gives up
          const found = await (await sources.open(view, entity)).check(new AbortController().signal);
          return found.status === 'ok' ? [] : [`${viewRef(view)}: ${found.detail} ${found.fix}`];
        } catch (error) {
          if (!isLarderError(error)) throw error;
          if (error.code === 'SOURCE_NOT_CONFIGURED') return [];
          throw new LarderError(error.code, `${viewRef(view)}: ${error.message}`, { cause: error });
        }
      }),
    );
    return notes.flat();
  } finally {
    await sources.close();
  }
}
