import { LarderError } from '@larder/core';
import type { RunStatus } from '@larder/offline-store';
import { TRANSITIONS, type Transition } from './transitions.ts';

/** The actions of people on a run, with the word used in a refusal. */
const ASKED = {
  pauseRun: 'paused',
  resumeRun: 'resumed',
  cancelRun: 'cancelled',
  retryFailed: 'retried',
} as const;

/**
 * True when the verb moves a run in this state; false: there is nothing to do.
 * @throws RUN_STATE_CONFLICT when the verb is not allowed in this state.
 */
export function moves(verb: keyof typeof ASKED, runId: string, status: RunStatus): boolean {
  const transition: Transition = TRANSITIONS[verb];
  const { run = {}, content = [] } = transition;
  if (run[status]) return true;
  if (content.includes(status)) return false;
  const asked = ASKED[verb];
  throw new LarderError(
    'RUN_STATE_CONFLICT',
    `Run ${runId} is ${status}; it cannot be ${asked}. A run can be ${asked} while it is ${anyOf(Object.keys(run))}.`,
  );
}

function anyOf(states: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(states);
}
