import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ComputeDescriptor } from '../computation/computation.ts';
import type { FeatureView } from '../definition/feature-view.ts';
import { valueProblem } from '../values/value-problem.ts';
import { validateLabels, validateWholeMs } from './validate-options.ts';
import type { ProjectPlace } from './project-place.ts';
import { below, type Report } from './report.ts';
import { validateArtifact } from './validate-artifact.ts';
import { validateFields } from './validate-fields.ts';
import { validatePartialPush } from './validate-partial-push.ts';
import { validateName } from './validate-names.ts';
import { validatePredicting } from '../predictions/validate-predicting.ts';
import { validateWindowing } from '../windowed/validate-windowing.ts';
import { scheduleProblems } from '../schedule/schedule-problem.ts';

// `<view>_v<version>_<year>_<month>` must fit into PostgreSQL's 63 bytes.
const VERSION_MAX = 9_999;
const CHUNK_ROWS_MAX = 100_000;
const MIN_RETENTION_MS = 86_400_000;

export async function validateFeatureView(
  view: FeatureView,
  place: ProjectPlace,
  report: Report,
): Promise<void> {
  validateName(view.name, report);
  if (view.predicts !== null && !validatePredicting(view.predicts, report)) return;
  if (!isWholeWithin(view.version, VERSION_MAX))
    report(['version'], `must be a whole number from 1 to ${VERSION_MAX}.`);
  if (view.ttlMs !== 'forever')
    validateWholeMs(view.ttl, view.ttlMs, "'forever' or a duration", below(report, 'ttl'));
  if (view.availableAfter !== null) {
    validateWholeMs(
      view.availableAfter,
      view.availableAfterMs,
      'a duration',
      below(report, 'availableAfter'),
    );
  }
  if (!isWholeWithin(view.chunkRows, CHUNK_ROWS_MAX)) {
    report(['chunkRows'], `must be a whole number from 1 to ${CHUNK_ROWS_MAX}.`);
  }
  validateWhenGone(view, below(report, 'whenGone'));
  validateRetention(view, below(report, 'retention'));
  validateFreshness(view, below(report, 'freshness'));
  if (view.entity?.kind !== 'entity') report(['entity'], "must be an entity made by entity('ad', …).");
  validateSource(view, below(report, 'source'));
  validateFields(view.schema, {}, below(report, 'schema'));
  for (const name of columnsOfKeys(view.entity)) {
    if (Object.hasOwn(view.schema ?? {}, name)) {
      report(
        ['schema', name],
        `is a join key of entity '${view.entity.name}'; a feature needs another name.`,
      );
    }
  }
  validatePartialPush(view, below(report, 'partialPush'));
  if (view.windowed !== null) validateWindowing(view, view.windowed, report);
  if (view.compute !== null) validateCompute(view.compute, place, below(report, 'compute'));
  validateLabels(view, report);
  if (view.schedule !== null && view.source?.kind === 'push')
    report(['schedule'], 'has nothing to read: the rows of the view are pushed.');
  else if (view.schedule !== null) {
    for (const { path, detail } of await scheduleProblems(view.schedule))
      report(['schedule', ...path], detail);
  }
}

/** The column of an entity without join keys has its name. */
function columnsOfKeys(entity: FeatureView['entity'] | undefined): string[] {
  const names = Object.keys(entity?.joinKeys ?? {});
  return names.length === 0 && entity !== undefined ? [entity.name] : names;
}

function validateWhenGone({ whenGone, schema, entity }: FeatureView, report: Report): void {
  if (whenGone === 'keep') return;
  const atMost: unknown = whenGone === 'expire' ? 0 : whenGone?.expire?.atMost;
  if (typeof atMost !== 'number' || !(atMost >= 0 && atMost <= 1))
    return report([], "must be 'keep', 'expire' or { expire: { atMost: 0.05 } } with a share from 0 to 1.");
  if (Object.hasOwn(schema ?? {}, 'is_gone') || Object.hasOwn(entity?.joinKeys ?? {}, 'is_gone'))
    report([], "cannot end keys: history keeps that in a column named 'is_gone'; rename this field.");
}

function validateRetention({ retention, retentionMs, ttlMs, ttl }: FeatureView, report: Report): void {
  if (retentionMs === 'forever') return;
  validateWholeMs(retention, retentionMs, "'forever' or a duration", report);
  if (Number.isNaN(retentionMs)) return;
  if (retentionMs < MIN_RETENTION_MS) return report([], 'must be at least 1d.');
  // What is served must be restorable, and training sets apply the same TTL.
  if (ttlMs === 'forever' || retentionMs < ttlMs)
    report(
      [],
      `is shorter than the TTL (${ttl}): rows that are still served could not be restored or explained. Keep history at least that long, or shorten the TTL.`,
    );
}

function validateFreshness({ freshness, freshnessMs, ttlMs, ttl }: FeatureView, report: Report): void {
  if (freshnessMs === null) return;
  validateWholeMs(freshness, freshnessMs, 'a duration', report);
  if (ttlMs !== 'forever' && freshnessMs > ttlMs)
    report([], `is longer than the TTL (${ttl}): older rows are not served. Shorten one or raise the other.`);
}

function isWholeWithin(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max;
}

function validateSource(view: FeatureView, report: Report): void {
  const { source } = view;
  if (typeof source?.kind !== 'string' || typeof source.problems !== 'function')
    return report([], 'must be a source, such as sqlSource({ connection, query }).');
  for (const { path, detail } of source.problems(view)) report(path, detail);
}

function validateCompute(compute: ComputeDescriptor, place: ProjectPlace, report: Report): void {
  if (typeof compute?.load !== 'function' || typeof compute.kind !== 'string') {
    return report(
      [],
      'must be a computation: a ready-made one, or computeWith(import.meta.url, () => import(…)).',
    );
  }
  if (compute.codeUrl !== undefined) validateModule(compute.codeUrl, report);
  const detail = valueProblem({ type: 'json' }, compute.options);
  if (detail !== null) report(['options'], `${detail}; options are part of the manifest.`);
  for (const [name, artifact] of Object.entries(compute.artifacts))
    validateArtifact(artifact, place, below(report, 'artifacts', name));
}

function validateModule(codeUrl: string, report: Report): void {
  if (codeUrl === '') {
    return report(
      [],
      "needs a plain import of a relative path: computeWith(import.meta.url, () => import('./words.ts')).",
    );
  }
  if (!existsSync(new URL(codeUrl))) report([], `there is no module ${fileURLToPath(codeUrl)}.`);
}
