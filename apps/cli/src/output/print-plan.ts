import { instant } from '@larder/core';
import type { Change, Plan } from '@larder/registry';
import type { Output } from './output.ts';

const SIGNS = { create: '+', change: '~', remove: '-', keep: '=' } as const;

/** Prints what apply would do, one line each, and why it would refuse. */
export function printPlan(plan: Plan, out: Output): void {
  const { style } = out;
  const { changes, refusals, older } = plan;
  printChanges(changes, out);
  for (const { code, message } of refusals)
    out.line(`${style.red('✗')} ${message} ${style.dim(`(${code})`)}`);
  for (const ref of plan.notScheduled)
    warn(`view ${ref} is not scheduled: no model reads it, and it is not the newest version`);
  for (const text of plan.warnings) warn(text);
  const kept = new Set(changes.flatMap(({ action, subject }) => (action === 'keep' ? [subject] : [])));
  for (const subject of plan.retained)
    if (!kept.has(subject))
      out.line(`${style.dim(SIGNS.keep)} ${subject} stays applied; it is not in the configuration`);
  for (const { view, model, version } of plan.readers)
    warn(`${model}@${version} reads view ${view}; without it the version can no longer be served`);
  if (changes.length > 0 && older.length > 0 && plan.applied !== null) {
    warn(
      `larder.config.ts looks older than manifest ${plan.appliedId}, which ${plan.applied.actor} applied on ${instant(plan.applied.appliedAt)}:`,
    );
    for (const { text } of older) out.line(`    ${text}`);
  }
  if (plan.pendingMigrations.length > 0)
    warn(
      plan.appliedId === null && plan.pendingMigrations[0]?.startsWith('0001')
        ? 'the database is empty; apply creates the tables first'
        : `the database is of an older release; apply migrates it first (${plan.pendingMigrations.join(', ')})`,
    );
  if (refusals.length > 0) out.line(style.red('larder apply would refuse this.'));
  else if (realChanges(changes) === 0 && changes.length > 0 && older.length > 0)
    out.line('Nothing would change; larder apply asks first, because the configuration looks older.');
  else if (realChanges(changes) === 0) out.line(`Nothing to apply: project ${plan.project} is up to date.`);
  else if (needsConfirmation(plan))
    out.line(
      `${count(changes)} to apply, once confirmed: larder apply, which asks; off a terminal it refuses without --yes`,
    );
  else out.line(`${count(changes)} to apply: larder apply`);

  function warn(text: string): void {
    out.line(`${style.yellow('!')} ${text}`);
  }
}

/** Applying it without `--yes` asks, or refuses where nobody can be asked. */
export function needsConfirmation({ changes, older }: Plan): boolean {
  return changes.length > 0 && (older.length > 0 || changes.some(({ destructive }) => destructive));
}

export function printChanges(changes: readonly Change[], out: Output): void {
  for (const line of changeLines(changes, out)) out.line(line);
}

export function changeLines(changes: readonly Change[], { style }: Output): string[] {
  const paints = { create: style.green, change: style.yellow, remove: style.red, keep: style.dim } as const;
  return changes.map(
    ({ action, text, destructive }) =>
      `${paints[action](SIGNS[action])} ${text}${destructive ? style.red('  (destructive)') : ''}`,
  );
}

/** Without what stays as it is. */
export function realChanges(changes: readonly Change[]): number {
  return changes.filter(({ action }) => action !== 'keep').length;
}

export function count(changes: readonly Change[]): string {
  const real = realChanges(changes);
  return `${real} ${real === 1 ? 'change' : 'changes'}`;
}
