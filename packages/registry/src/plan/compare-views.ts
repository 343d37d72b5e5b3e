import { isDeepStrictEqual } from 'node:util';
import { formatDurationMs } from '@larder/core';
import { scheduleText, viewFingerprint, type FeatureViewManifest, type Manifest } from '@larder/features';
import type { Leniency, PlanLines } from './plan.ts';
import type { RegistryState } from '../registry-state.ts';
import { compareDefinitions, viewDefinition, type ViewDefinition } from './view-definition.ts';

/** Lines for every feature view; compared with all versions that were ever applied, also removed ones. */
export function compareViews(
  lines: PlanLines,
  state: RegistryState,
  next: Manifest,
  leniency: Leniency,
): void {
  const applied = state.applied?.manifest.feature_views ?? {};
  for (const [ref, view] of Object.entries(next.feature_views)) {
    const known = state.viewDefinitions.get(ref);
    const was = applied[ref];
    if (known && !acceptDefinition(lines, { ref, view, known, now: viewDefinition(next, view), leniency }))
      continue;
    if (!known) lines.create(`view ${ref}`);
    else if (!was)
      lines.create(`view ${ref}`, forgotten(lines, view) ? ' again' : ' again: its history is still there');
    else changePolicies(lines, was, view);
  }
  for (const ref of Object.keys(applied))
    if (!next.feature_views[ref])
      lines.remove(`view ${ref}`, 'no longer filled or served; its history and online rows stay');
}

function forgotten(lines: PlanLines, { name, version }: FeatureViewManifest): boolean {
  return lines.forgotten.some((each) => each.view === name && each.version === version);
}

interface DefinitionCheck {
  readonly ref: string;
  readonly view: FeatureViewManifest;
  readonly known: ViewDefinition;
  readonly now: ViewDefinition;
  readonly leniency: Leniency;
}

function acceptDefinition(lines: PlanLines, check: DefinitionCheck): boolean {
  const { ref, known, now, leniency } = check;
  const { clauses, codeOnly, entityChanged } = compareDefinitions(known, now);
  if (clauses.length === 0) return true;
  const subject = `view ${ref}`;
  if (codeOnly && leniency.sameMeaning === true) {
    lines.change(subject, `change code of ${subject}: declared to mean the same`);
    lines.sameMeaning.push(subject);
    return true;
  }
  if (leniency.mutableVersions === true) {
    const { name, version, fingerprint } = check.view;
    lines.change(subject, `change ${subject} in place, its rows are set aside: ${clauses.join('; ')}`);
    lines.forgotten.push({
      view: name,
      version,
      entity: known.entity.name,
      was: viewFingerprint(known.entity, known),
      now: fingerprint,
      takesPushes: known.compute === null,
    });
    return true;
  }
  lines.refuse({
    code: codeOnly ? 'CODE_CHANGED' : 'VIEW_VERSION_IMMUTABLE',
    subject,
    pointer: `/feature_views/${ref}`,
    message: codeOnly
      ? `${ref}: the code of its own function changed${whatDiffers(leniency, subject)}. Bump the version, or say --same-meaning if the values stay the same.`
      : `${ref} is applied and cannot change: ${clauses.join('; ')}${whatDiffers(leniency, subject)}. ${advice(check.view.name, entityChanged)}`,
  });
  return false;
}

/** ` (function rate in src/rate.ts changed)`; empty when the sources are not stored. */
export function whatDiffers({ differences }: Leniency, subject: string): string {
  const lines = differences?.get(subject) ?? [];
  return lines.length === 0 ? '' : ` (${lines.join('; ')})`;
}

function advice(view: string, entityChanged: boolean): string {
  return entityChanged
    ? 'Give the changed entity a new name; views of both entities are then served side by side.'
    : `Bump the version; to serve both while the new one fills, keep the old view as a second export: undo the change, run larder version ${view}, and change it then.`;
}

type View = FeatureViewManifest;

const POLICIES: readonly [member: keyof View, name: string, text: (view: View) => string | number][] = [
  ['ttl_ms', 'ttl', (view) => durationText(view.ttl_ms)],
  ['schedule', 'schedule', (view) => scheduleText(view.schedule)],
  ['available_after_ms', 'available after', (view) => durationText(view.available_after_ms)],
  ['chunk_rows', 'rows per chunk', (view) => view.chunk_rows],
  ['when_gone', 'keys gone from the source', whenGoneText],
  ['retention_ms', 'retention', (view) => durationText(view.retention_ms ?? 'forever')],
  [
    'freshness_objective_ms',
    'freshness objective',
    (view) =>
      view.freshness_objective_ms === undefined ? 'none' : durationText(view.freshness_objective_ms),
  ],
  ['partial_push', 'features that a pushed row may leave out', partialPushText],
  ['owner', 'owner', (view) => view.owner ?? 'none'],
];

function changePolicies(lines: PlanLines, was: FeatureViewManifest, now: FeatureViewManifest): void {
  const subject = `view ${now.name}@${now.version}`;
  for (const [member, name, text] of POLICIES)
    if (!isDeepStrictEqual(was[member], now[member]))
      lines.change(subject, `change ${name} of ${subject}: ${text(was)} → ${text(now)}`);
  if (!isDeepStrictEqual(was.tags, now.tags)) lines.change(subject, `change tags of ${subject}`);
  for (const [name, { path }] of Object.entries(now.compute?.artifacts ?? {})) {
    const before = was.compute?.artifacts[name]?.path;
    if (before !== undefined && before !== path)
      lines.change(subject, `change path of artifact ${name} of ${subject}: ${before} → ${path}`);
  }
}

function whenGoneText({ when_gone: whenGone }: View): string {
  return whenGone === undefined ? 'keep' : `expire, at most ${formatShare(whenGone.at_most)} a run`;
}

function partialPushText({ partial_push: rules }: View): string {
  if (rules === undefined) return 'none';
  return Object.entries(rules)
    .map(([name, rule]) => `${name} (${rule})`)
    .join(', ');
}

function formatShare(share: number): string {
  return `${Number((100 * share).toPrecision(3))}%`;
}

function durationText(value: number | 'forever'): string {
  return typeof value === 'number' ? formatDurationMs(value) : value;
}
