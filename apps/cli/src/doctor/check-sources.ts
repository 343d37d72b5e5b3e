import { isLarderError, shellWord } from '@larder/core';
import { viewRef, type FeatureViewManifest, type LoadedProject } from '@larder/features';
import { connectionVariable } from '@larder/sources';
import { openSource } from '../sources/open-source.ts';
import type { Session } from '../session.ts';
import { fail, finding, ok, warn, type Finding } from './check.ts';

/** Every view's source as a worker would use it: reached, and of the columns that the view needs. */
export function checkSources(session: Session, project: LoadedProject): Promise<Finding[]> {
  const views = Object.values(project.manifest.feature_views);
  return Promise.all(views.map((view) => checkSource(session, project, view)));
}

function checkSource(
  { config }: Session,
  project: LoadedProject,
  view: FeatureViewManifest,
): Promise<Finding> {
  const check = `source of ${viewRef(view)}`;
  const { source } = view;
  return finding(check, `Mend the source of ${viewRef(view)} in larder.config.ts.`, async () => {
    if (source.kind === 'folder') return checkFolder(project, view, check);
    const variable = connectionVariable(source.connection);
    if (config.connections[source.connection] === undefined)
      return warn(
        check,
        `connection '${source.connection}' has no address here; workers need one`,
        `Set it where workers run: export ${variable}=postgresql://user:password@host:5432/database`,
      );
    const opened = openSource(config, project, view);
    try {
      // no key at all: only the columns are looked at
      await opened.source.planChunks({ scope: { kind: 'keys', keys: [] }, chunkRows: 1, limit: null });
      return ok(check, `connection '${source.connection}' answers, and the query has what the view needs`);
    } catch (error) {
      if (!isLarderError(error) || error.code === 'SOURCE_QUERY_INVALID') throw error;
      return fail(
        check,
        `${error.code}: ${error.message}`,
        `Start that database, or mend its address: export ${variable}=…`,
      );
    } finally {
      await opened.close();
    }
  });
}

/** @throws SOURCE_UNAVAILABLE with the folder and what to do */
async function checkFolder(
  project: LoadedProject,
  view: FeatureViewManifest,
  check: string,
): Promise<Finding> {
  const { source } = openSource({ connections: {} }, project, view);
  const chunks = await source.planChunks({ scope: { kind: 'all' }, chunkRows: 10_000, limit: null });
  const files = chunks.reduce((sum, { rows }) => sum + rows, 0);
  const { folder = '', extensions = [] } = view.source.kind === 'folder' ? view.source : {};
  if (files > 0) return ok(check, `${files} ${files === 1 ? 'file' : 'files'} in ${shellWord(folder)}`);
  const kinds = extensions.length > 0 ? ` of ${extensions.join(', ')}` : '';
  return warn(
    check,
    `the folder ${shellWord(folder)} has no file${kinds}`,
    `Put files into ${shellWord(folder)}, or mend extensions in larder.config.ts.`,
  );
}
