import { isLarderError } from '@larder/core';
import { parentsOf, viewRef, type FeatureViewManifest, type LoadedProject } from '@larder/features';
import { connectionSetting, createSources, type Sources } from '@larder/sources';
import type { Session } from '../session.ts';
import { fail, finding, ok, warn, type Finding } from './check.ts';

/** Checks every view's source as a worker would use it: it can be reached and has what the view needs. */
export async function checkSources({ config, signal }: Session, project: LoadedProject): Promise<Finding[]> {
  const views = Object.values(project.manifest.feature_views);
  const sources = createSources({
    root: project.root,
    connections: config.connections,
    // All are checked at the same time.
    maxConnections: views.length,
  });
  try {
    return await Promise.all(views.map((view) => checkSource(view, { sources, project, signal })));
  } finally {
    await sources.close();
  }
}

interface Checking {
  readonly sources: Sources;
  readonly project: LoadedProject;
  readonly signal: AbortSignal;
}

function checkSource(view: FeatureViewManifest, { sources, project, signal }: Checking): Promise<Finding> {
  const check = `source of ${viewRef(view)}`;
  return finding(check, `Fix the source of ${viewRef(view)} in larder.config.ts.`, async () => {
    const entity = project.manifest.entities[view.entity];
    if (entity === undefined) throw new Error(`The manifest has no entity ${view.entity}.`);
    const parents = parentsOf(project.manifest, view);
    if (parents.length > 0) return ok(check, `is computed from ${parents.map(viewRef).join(', ')}`);
    try {
      const source = await sources.open(view, entity);
      const found = await source.check(signal);
      if (found.status === 'ok') return ok(check, found.detail);
      return (found.status === 'warn' ? warn : fail)(check, found.detail, found.fix);
    } catch (error) {
      if (!isLarderError(error) || error.code !== 'SOURCE_NOT_CONFIGURED') throw error;
      return warn(
        check,
        `connection '${view.source.connection}' has no address here; workers need one`,
        `Set it where workers run: ${connectionSetting(view.source)}`,
      );
    }
  });
}
