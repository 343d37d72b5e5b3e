import type { Change, Plan } from '@larder/registry';
import type { Output } from './output.ts';

const SIGNS = { create: '+', change: '~', remove: '-' } as const;

/** Prints what apply would do, one line each, and why it would refuse. */
export function printPlan(plan: Plan, out: Output): void {
  const { style } = out;
  printChanges(plan.changes, out);
  for (const { code, message } of plan.refusals)
    out.line(`${style.red('✗')} ${message} ${style.dim(`(${code})`)}`);
  for (const ref of plan.notScheduled)
    out.line(
      `${style.yellow('!')} view ${ref} is not scheduled: no model reads it, and it is not the newest version`,
    );
  if (plan.refusals.length > 0) out.line(style.red('larder apply would refuse this.'));
  else if (plan.changes.length === 0) out.line(`Nothing to apply: project ${plan.project} is up to date.`);
  else out.line(`${count(plan.changes.length)} to apply: larder apply`);
}

export function printChanges(changes: readonly Change[], out: Output): void {
  for (const line of changeLines(changes, out)) out.line(line);
}

export function changeLines(changes: readonly Change[], { style }: Output): string[] {
  const paints = { create: style.green, change: style.yellow, remove: style.red } as const;
  return changes.map(
    ({ action, text, destructive }) =>
      `${paints[action](SIGNS[action])} ${text}${destructive ? style.red('  (destructive)') : ''}`,
  );
}

export function count(changes: number): string {
  return `${changes} ${changes === 1 ? 'change' : 'changes'}`;
}
