import { isLarderError, LarderError } from '@larder/core';
import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { createSources } from '@larder/sources';

export interface CheckSourcesOptions {
  readonly manifest: Manifest;
  /** Folder of the project. */
  readonly root: string;
  readonly connections: Readonly<Record<string, string>>;
}

/**
 * Prepares the query of each view at its source. A source that does not answer, or has no address here, stops nobody from
 * working on the rest.
 * @returns what is noteworthy, in lines
 * @throws SOURCE_QUERY_INVALID
 */
export async function checkSources(
  views: readonly FeatureViewManifest[],
  { manifest, root, connections }: CheckSourcesOptions,
): Promise<string[]> {
  const sources = createSources({ root, connections, maxConnections: Math.max(1, views.length) });
  try {
    const notes = await Promise.all(
      views.map(async (view) => {
        const entity = manifest.entities[view.entity];
        if (entity === undefined) throw new Error(`The manifest has no entity ${view.entity}.`);
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
