import { isDeepStrictEqual } from 'node:util';
import { formatDurationMs } from '@larder/core';
import { entityWithoutSensitivity, readViews, type Manifest, type ServedView } from '@larder/features';
import { pendingMigrations } from '@larder/offline-store';
import { carryOver } from './carry-over.ts';
import { compareAge, compareVersionAge, type OlderSign } from './compare-age.ts';
import { compareEventSources } from './compare-event-sources.ts';
import { compareLogRetention } from './compare-log-retention.ts';
import { compareModels } from './compare-models.ts';
import { compareOnDemandViews } from './compare-on-demand-views.ts';
import { compareSensitivity } from './compare-sensitivity.ts';
import { compareViews } from './compare-views.ts';
import { objectiveWarnings } from './objective-warnings.ts';
import { PlanLines, type Leniency, type Plan } from './plan.ts';
import { NOTHING_APPLIED, readRegistryState, type RegistryState } from '../registry-state.ts';
import type { RegistryStore } from '../registry-store.ts';

export const REGISTRY_MIGRATION = '0001_registry';
export const LINEAGE_MIGRATION = '0013_deploy';

/**
 * What applying this configuration would change, and why it would be refused; writes nothing, and works on an empty
 * database and on one of an older release too.
 */
export async function planManifest(
  store: RegistryStore,
  config: Manifest,
  leniency: Leniency = {},
): Promise<Plan> {
  const pending = await pendingMigrations(store);
  const state = pending.includes(REGISTRY_MIGRATION)
    ? NOTHING_APPLIED
    : await readRegistryState(store, config, !pending.includes(LINEAGE_MIGRATION));
  return (await comparePlan(state, config, { ...leniency, pending })).plan;
}

export interface PlanContext extends Leniency {
  /** Migrations that the database lacks. */
  readonly pending: readonly string[];
}

export async function comparePlan(
  state: RegistryState,
  config: Manifest,
  context: PlanContext,
): Promise<{ readonly plan: Plan; readonly comparison: Comparison }> {
  const comparison = compareManifest(state, config, context);
  const { lines, next, retained, older } = comparison;
  const plan: Plan = {
    project: config.project,
    appliedId: state.applied?.id ?? null,
    applied: state.applied && { actor: state.applied.actor, appliedAt: state.applied.appliedAt },
    changes: lines.changes,
    refusals: lines.refusals,
    forgotten: lines.forgotten,
    notScheduled: notScheduled(next, state.inService),
    warnings: await objectiveWarnings(next, new Date()),
    retained,
    older,
    readers: [],
    pendingMigrations: context.pending,
  };
  return { plan, comparison };
}

function notScheduled(manifest: Manifest, inService: Iterable<ServedView>): string[] {
  const read = readViews(manifest, inService);
  return Object.entries(manifest.feature_views)
    .filter(([ref, { schedule }]) => schedule !== null && !read.has(ref))
    .map(([ref]) => ref);
}

export interface Comparison {
  readonly lines: PlanLines;
  /** What becomes the project's definitions: the configuration, and what is carried over. */
  readonly next: Manifest;
  /** Subjects that are carried over. */
  readonly retained: readonly string[];
  readonly older: readonly OlderSign[];
  /** Models that get a new version, with its number. */
  readonly newModelVersions: ReadonlyMap<string, number>;
}

/** The pure part of planning. */
export function compareManifest(state: RegistryState, config: Manifest, leniency: Leniency): Comparison {
  const lines = new PlanLines();
  const was = state.applied?.manifest;
  const { manifest: next, retained } =
    was === undefined || leniency.prune === true
      ? { manifest: config, retained: [] }
      : carryOver(was, config);
  compareProject(lines, state, next);
  compareEntities(lines, state, next);
  compareEventSources(lines, was ?? null, next);
  compareViews(lines, state, next, leniency);
  compareOnDemandViews(lines, state, next, leniency);
  compareSensitivity(lines, was ?? null, next);
  compareLogRetention(lines, next, leniency.predictionLogMs);
  const newModelVersions = compareModels(lines, state, next);
  compareRetained(lines, state.lineage.retained, retained);
  if (was && lines.changes.length === 0 && lines.refusals.length === 0 && !isDeepStrictEqual(was, next))
    lines.change(
      `project ${next.project}`,
      `rewrite the manifest of project ${next.project}: its meaning is the same`,
    );
  const older = [
    ...compareAge(state, config, {
      prune: leniency.prune === true,
      next: { manifest: next, retained },
    }),
    ...compareVersionAge(state, next, newModelVersions),
  ];
  return { lines, next, retained, older, newModelVersions };
}

function compareRetained(lines: PlanLines, was: readonly string[], now: readonly string[]): void {
  for (const subject of now) if (!was.includes(subject)) lines.keep(subject);
  const removed = new Set(lines.changes.map(({ subject }) => subject));
  for (const subject of was)
    if (!now.includes(subject) && !removed.has(subject))
      lines.change(subject, `${subject} is in the configuration again`);
}

function compareProject(lines: PlanLines, state: RegistryState, next: Manifest): void {
  const subject = `project ${next.project}`;
  const was = state.applied?.manifest;
  if (!was) {
    lines.create(subject);
    return;
  }
  for (const [member, name] of [
    ['connections', 'connections'],
    ['allowed_hosts', 'allowed hosts'],
  ] as const)
    if (!isDeepStrictEqual(was[member], next[member]))
      lines.change(
        subject,
        `change ${name} of ${subject}: ${listText(was[member])} → ${listText(next[member])}`,
      );
  compareHorizon(lines, was, next);
}

function compareHorizon(lines: PlanLines, was: Manifest, next: Manifest): void {
  if (was.event_horizon_ms === next.event_horizon_ms) return;
  const subject = `project ${next.project}`;
  const text = ({ event_horizon_ms: ms }: Manifest) => formatDurationMs(ms);
  lines.change(subject, `change event horizon of ${subject}: ${text(was)} → ${text(next)}`);
}

function listText(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

/** Views say what is wrong with a changed entity; one that no view ever used may change freely. */
function compareEntities(lines: PlanLines, state: RegistryState, next: Manifest): void {
  const applied = state.applied?.manifest.entities ?? {};
  for (const [name, entity] of Object.entries(next.entities)) {
    const was = applied[name];
    if (!was) lines.create(`entity ${name}`);
    else if (!isDeepStrictEqual(entityWithoutSensitivity(was), entityWithoutSensitivity(entity)))
      lines.change(`entity ${name}`, `change join keys of entity ${name}`);
  }
  for (const name of Object.keys(applied))
    if (!next.entities[name]) lines.remove(`entity ${name}`, 'no view can use it any more');
}
