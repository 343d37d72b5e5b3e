import { isAbsolute, relative } from 'node:path';
import { LarderError, createLogger, isLarderError } from '@larder/core';
import {
  computeOnce,
  predictionOf,
  viewRef,
  type ComputeDescriptor,
  type FeatureViewManifest,
  type FieldValue,
  type LoadedProject,
  type RowOutcome,
  type SourceRow,
} from '@larder/features';
import { checkComputed, checkValues, type CheckedValues } from '@larder/materialization/prepare';
import { parseEntityKey } from '@larder/online-store';
import { historySource } from '@larder/materialization/chains';
import { createSources } from '@larder/sources';
import type { ComputingProject } from '../computing-project.ts';
import type { Session } from '../session.ts';

export interface PreviewedRow {
  readonly row: SourceRow;
  readonly outcome: RowOutcome;
  /** Finds the view and the key without reading the source. */
  readonly computeMs: number;
}

/** @throws VIEW_NOT_FOUND */
export function findView({ manifest }: LoadedProject, name: string): FeatureViewManifest {
  const views = Object.values(manifest.feature_views);
  const found = views
    .filter((view) => view.name === name || viewRef(view) === name)
    .toSorted((a, b) => b.version - a.version)[0];
  if (found !== undefined) return found;
  const known = views.map(viewRef).join(', ') || 'none';
  throw new LarderError(
    'VIEW_NOT_FOUND',
    `${name} is not a feature view of larder.config.ts; there are ${known}.`,
  );
}

/**
 * Reads one entity's rows from the source and computes them in this process; writes nothing.
 * @throws REQUEST_INVALID for predictions, which the service computes in the same way
 */
export async function previewRows(
  session: Session,
  { project, foldersOf }: ComputingProject,
  { view, key }: { readonly view: FeatureViewManifest; readonly key: string },
): Promise<PreviewedRow[]> {
  const prediction = predictionOf(view);
  if (prediction !== null)
    throw new LarderError(
      'REQUEST_INVALID',
      `${viewRef(view)} holds predictions of ${prediction.model}, which are computed from its features in the stores: see what they are with larder predict ${prediction.model} --mode precomputed_or_live, or larder inspect.`,
    );
  const rows = await lookup(session, project, view, key);
  const descriptor = project.featureViews.get(viewRef(view))?.compute ?? null;
  const artifactPaths = await foldersOf(viewRef(view));
  const previewed: PreviewedRow[] = [];
  for (const row of rows) {
    const startedMs = performance.now();
    const outcome =
      descriptor === null
        ? checkedOutcome(checkValues(view, row))
        : await computed(session, project, { view, descriptor, artifactPaths, row });
    previewed.push({ row, outcome, computeMs: performance.now() - startedMs });
  }
  return previewed;
}

interface Computing {
  readonly view: FeatureViewManifest;
  readonly descriptor: ComputeDescriptor;
  readonly artifactPaths: Readonly<Record<string, string>>;
  readonly row: SourceRow;
}

async function computed(
  session: Session,
  project: LoadedProject,
  { view, descriptor, artifactPaths, row }: Computing,
): Promise<RowOutcome> {
  const [outcome] = await computeOnce(descriptor, [row], {
    root: project.root,
    artifactPaths,
    allowedHosts: project.manifest.allowed_hosts,
    logger: createLogger('larder-preview', { level: 'silent' }),
    signal: session.signal,
  }).catch((error: unknown): never => {
    if (session.signal.aborted || isLarderError(error)) throw error;
    throw threw(viewRef(view), project.root, error);
  });
  session.signal.throwIfAborted();
  if (outcome === undefined)
    throw new LarderError('COMPUTATION_FAILED', `${viewRef(view)} gave no outcome for the row.`);
  return 'failure' in outcome ? outcome : checkedOutcome(checkComputed(view, outcome.values));
}

/** An error of the project's code, not of Larder: its message, and the first of the project's own lines. */
function threw(view: string, root: string, error: unknown): LarderError {
  const reason = error instanceof Error ? error.message : String(error);
  const calls = (error instanceof Error ? (error.stack ?? '') : '').matchAll(/file:\/\/([^\s)]+)/g);
  const own = [...calls]
    .map(([, path]) => relative(root, decodeURI(path ?? '')))
    .find((path) => !path.startsWith('..') && !isAbsolute(path) && !path.startsWith('node_modules'));
  const where = own === undefined ? '' : ` (${own})`;
  return new LarderError('COMPUTATION_FAILED', `The computation of ${view} threw: ${reason}${where}`, {
    cause: error,
  });
}

/** Refuses what a worker would refuse. */
function checkedOutcome(checked: CheckedValues): RowOutcome {
  if (checked.ok) return { values: checked.values };
  return { failure: { code: 'FEATURE_VALUE_INVALID', reason: checked.detail, retryable: false } };
}

async function lookup(
  { config, offlineStore, signal }: Session,
  project: LoadedProject,
  view: FeatureViewManifest,
  key: string,
): Promise<readonly SourceRow[]> {
  const entity = project.manifest.entities[view.entity];
  if (entity === undefined) throw new Error(`The manifest has no entity ${view.entity}.`);
  const history =
    view.source.kind === 'views' ? historySource(await offlineStore(), () => project.manifest) : null;
  const sources = createSources({
    root: project.root,
    connections: config.connections,
    maxConnections: 1,
    ...(history !== null && { history }),
  });
  try {
    const source = await sources.open(view, entity);
    const values = parseEntityKey(entity, key);
    return await source.lookup([entity.join_keys.map(({ name }) => keyText(values[name] ?? ''))], signal);
  } finally {
    await sources.close();
  }
}

/** Join keys are strings and integers. */
function keyText(value: FieldValue): string {
  return typeof value === 'string' ? value : (value as bigint | number).toString();
}
