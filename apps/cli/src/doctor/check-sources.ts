import { isLarderError } from '@larder/core';
import {
  parentsOf,
  viewRef,
  type EntityManifest,
  type FeatureViewManifest,
  type LoadedProject,
} from '@larder/features';
import { eventSourceView } from '@larder/materialization/events';
import { connectionSetting, createSources, type Sources } from '@larder/sources';
import type { Session } from '../session.ts';
import { fail, finding, ok, warn, type Finding } from './check.ts';

/** Checks every source as a worker would use it, and the past of events: it can be reached and has what is needed. */
export async function checkSources({ config, signal }: Session, project: LoadedProject): Promise<Finding[]> {
  const { entities, event_sources: eventSources = {}, feature_views: featureViews } = project.manifest;
  const views = Object.values(featureViews).map((view): Checked => {
    const { [view.entity]: entity } = entities;
    if (entity === undefined) throw new Error(`The manifest has no entity ${view.entity}.`);
    return { check: `source of ${viewRef(view)}`, owner: viewRef(view), manifest: view, entity };
  });
  const pasts = Object.values(eventSources)
    .filter(({ backfill }) => backfill !== null)
    .map((source): Checked => {
      const { manifest, entity } = eventSourceView(source);
      return { check: `backfill of ${source.name}`, owner: source.name, manifest, entity };
    });
  const all = [...views, ...pasts];
  const sources = createSources({
    root: project.root,
    connections: config.connections,
    // All are checked at the same time.
    maxConnections: all.length,
  });
  try {
    return await Promise.all(all.map((each) => checkSource(each, { sources, project, signal })));
  } finally {
    await sources.close();
  }
}

interface Checking {
  readonly sources: Sources;
  readonly project: LoadedProject;
  readonly signal: AbortSignal;
}

interface Checked {
  readonly check: string;
  /** Where its source is defined: a view, or a source of events. */
  readonly owner: string;
  readonly manifest: FeatureViewManifest;
  readonly entity: EntityManifest;
}

function checkSource(
  { check, owner, manifest: view, entity }: Checked,
  { sources, project, signal }: Checking,
): Promise<Finding> {
  return finding(check, `Fix the source of ${owner} in larder.config.ts.`, async () => {
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
