import { isDeepStrictEqual } from 'node:util';
import { formatDurationMs } from '@larder/core';
import { DEFAULT_COVERAGE, type BudgetManifest, type Manifest, type ModelManifest } from '@larder/features';
import { differingParts, meaningIn, meaningOf } from './model-meaning.ts';
import type { PlanLines } from './plan.ts';
import type { RegistryState } from '../registry-state.ts';

/** Lines for every model; gives the models that get a new version, with its number. */
export function compareModels(lines: PlanLines, state: RegistryState, next: Manifest): Map<string, number> {
  const applied = state.applied?.manifest.models ?? {};
  const created = new Map<string, number>();
  for (const [name, model] of Object.entries(next.models)) {
    const subject = `model ${name}`;
    const newest = state.modelVersions.get(name);
    const reasons = newest
      ? differingParts(meaningOf(newest, state.applied?.manifest ?? null), meaningIn(next, name))
      : [];
    const version = (newest?.version ?? 0) + (!newest || reasons.length > 0 ? 1 : 0);
    if (version !== newest?.version) created.set(name, version);
    const was = applied[name];
    if (!was) lines.create(subject, `, version ${version}`);
    else {
      if (created.has(name))
        lines.change(subject, `new version ${version} of ${subject}: ${reasons.join(', ')} changed`);
      changeMembers(lines, was, model);
    }
  }
  for (const name of Object.keys(applied))
    if (!next.models[name])
      lines.remove(`model ${name}`, 'no longer served; its versions and logged predictions stay');
  return created;
}

const MEMBERS = [
  ['when_store_unavailable', 'answer without the online store'],
  ['deadline_ms', 'deadline (ms)'],
  ['mode', 'mode'],
  ['owner', 'owner'],
] as const;

function changeMembers(lines: PlanLines, was: ModelManifest, now: ModelManifest): void {
  const subject = `model ${now.name}`;
  for (const [member, name] of MEMBERS)
    if (was[member] !== now[member])
      lines.change(
        subject,
        `change ${name} of ${subject}: ${was[member] ?? unset(member)} → ${now[member] ?? unset(member)}`,
      );
  if (!isDeepStrictEqual(was.budget, now.budget))
    lines.change(
      subject,
      `change budget of ${subject}: ${budgetText(was.budget)} → ${budgetText(now.budget)}`,
    );
  if (was.coverage !== now.coverage)
    lines.change(
      subject,
      `change coverage of ${subject}: ${was.coverage ?? DEFAULT_COVERAGE} → ${now.coverage ?? DEFAULT_COVERAGE}`,
    );
  if (!isDeepStrictEqual(was.label, now.label))
    lines.change(subject, `change label of ${subject}: ${labelText(was)} → ${labelText(now)}`);
  if (!isDeepStrictEqual(was.tags, now.tags)) lines.change(subject, `change tags of ${subject}`);
  const moved = was.artifact.path !== now.artifact.path && was.artifact.sha256 === now.artifact.sha256;
  if (moved)
    lines.change(
      subject,
      `change path of the artifact of ${subject}: ${was.artifact.path} → ${now.artifact.path}`,
    );
}

function unset(member: (typeof MEMBERS)[number][0]): string {
  return member === 'mode' ? 'live' : 'none';
}

function labelText({ label }: ModelManifest): string {
  if (label === undefined) return 'none';
  const { attribution } = label;
  const found =
    typeof attribution === 'string'
      ? 'by prediction id'
      : `by ${attribution.entity} within ${formatDurationMs(attribution.window_ms)}`;
  const silence = label.on_silence === 'negative' ? 'silence is negative' : 'silence is left out';
  return `${label.name} (${formatDurationMs(label.horizon_ms)}, ${silence}, ${found})`;
}

function budgetText({ max_latency_ms: ms, max_memory_mb: mb }: BudgetManifest = {}): string {
  const limits = [...(ms === undefined ? [] : [`${ms} ms`]), ...(mb === undefined ? [] : [`${mb} MB`])];
  return limits.join(', ') || 'none';
}
