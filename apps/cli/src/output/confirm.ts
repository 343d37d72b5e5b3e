import { instant } from '@larder/core';
import type { Plan } from '@larder/registry';
import type { Session } from '../session.ts';
import { ask } from './ask.ts';

type Asking = Pick<Session, 'out' | 'signal'>;

/**
 * Asks a person, where there is one, to type the project's name before something stops or the project is taken back.
 * False: nothing had to be confirmed, nobody could be asked, or something else or nothing was typed.
 */
export async function isConfirmed(plan: Plan, { out, signal }: Asking): Promise<boolean> {
  const destructive = plan.changes.filter((change) => change.destructive);
  if (plan.changes.length === 0 || (destructive.length === 0 && plan.older.length === 0)) return false;
  if (!out.interactive || !process.stdin.isTTY || out.json) return false;
  if (plan.older.length > 0 && plan.applied !== null) {
    const { actor, appliedAt } = plan.applied;
    out.note(
      `larder.config.ts looks older than manifest ${plan.appliedId}, which ${actor} applied on ${instant(appliedAt)}:`,
    );
    for (const { text } of plan.older) out.note(`  ${text}`);
  }
  if (destructive.length > 0) {
    out.note('This stops something that is served or filled today:');
    for (const { text } of destructive) out.note(`  ${text}`);
  }
  const answer = await ask(`Type the name of the project to apply it (${plan.project}): `, signal);
  return answer?.trim() === plan.project;
}

/** Asks a person, where there is one. False: no, or nobody could be asked. */
export async function askYes(question: string, { out, signal }: Asking): Promise<boolean> {
  if (!out.interactive || !process.stdin.isTTY || out.json) return false;
  const answer = await ask(`${question} [y/N] `, signal);
  return answer !== null && /^y(es)?$/i.test(answer.trim());
}
