import { LarderError } from '@larder/core';
import { ask } from '../output/ask.ts';
import type { Output } from '../output/output.ts';

export interface PushedRows {
  readonly ref: string;
  readonly rows: number;
}

/** Asks a person, where there is one, before pushed rows are set aside. @throws DESTRUCTIVE_CHANGE without a typed yes */
export async function confirmPushed(
  pushed: readonly PushedRows[],
  asking: { readonly out: Output; readonly signal: AbortSignal },
): Promise<void> {
  if (pushed.length > 0 && !(await isTypedYes(pushed, asking))) throw refusal(pushed);
}

async function isTypedYes(
  pushed: readonly PushedRows[],
  { out, signal }: { readonly out: Output; readonly signal: AbortSignal },
): Promise<boolean> {
  if (!out.interactive || !process.stdin.isTTY || out.json) return false;
  for (const line of linesOf(pushed)) out.note(line);
  const answer = await ask('They are set aside by this change. Type yes to go on: ', signal);
  return answer?.trim() === 'yes';
}

function refusal(pushed: readonly PushedRows[]): LarderError {
  return new LarderError(
    'DESTRUCTIVE_CHANGE',
    `Nothing was changed. ${linesOf(pushed).join(' ')} Undo the edit, give the view a new version, or type yes when larder dev asks in a terminal.`,
    {
      errors: pushed.map(({ ref, rows }) => ({
        pointer: `/feature_views/${ref}`,
        detail: `holds ${rows} pushed rows`,
      })),
    },
  );
}

function linesOf(pushed: readonly PushedRows[]): string[] {
  return pushed.map(
    ({ ref, rows }) =>
      `${ref} holds ${rows} pushed ${rows === 1 ? 'row' : 'rows'}, which no backfill can bring back after a change of its definition.`,
  );
}
