import { setTimeout as delay } from 'node:timers/promises';
import type { MoveStandingAnswer } from '@larder/contracts';
import { isLarderError } from '@larder/core';
import type { ModelsControl, Moved } from '../control/control.ts';
import type { Output } from '../output/output.ts';
import { DONE, FAILED } from '../problem.ts';

export interface FollowMoveOptions {
  readonly models: ModelsControl;
  readonly move: Moved;
  readonly waitMs: number;
  readonly out: Output;
  readonly signal: AbortSignal;
}

const POLL_MS = 250;

/** Waits until every inference process has the move in force, and answers with the outcome. @returns the exit code */
export async function followMove(options: FollowMoveOptions): Promise<number> {
  const { move, waitMs, out } = options;
  out.note(movedText(move));
  if (waitMs === 0) {
    out.answer(move, () => out.line('Inference processes that can serve it load it now: larder ps'));
    return DONE;
  }
  const { replaced_by: replacedBy, ...standing } = await awaitInForce(options);
  const later = replacedBy === null ? null : await laterMove(options, replacedBy);
  out.answer({ ...standing, changed: move.changed, replaced_by: replacedBy }, () =>
    later === null ? printStanding(standing, out) : printReplaced(move, later, out),
  );
  return standing.in_force === true && replacedBy === null ? DONE : FAILED;
}

/** Until every living process has it in force, the others can no longer, the time is over, or the signal comes. */
async function awaitInForce({
  models,
  move,
  waitMs,
  out,
  signal,
}: FollowMoveOptions): Promise<MoveStandingAnswer> {
  const endsAtMs = performance.now() + waitMs;
  // Where the alias was at the version already, processes answer with it while they take note of the move.
  const done = move.from_version === move.version ? 'have noted the move' : 'ready';
  let shown = '';
  for (;;) {
    const last = performance.now() >= endsAtMs || signal.aborted;
    const standing = await models.standing(move).catch((error: unknown) => {
      // The move is recorded: a short interruption does not end the waiting for it.
      if (last || !isLarderError(error) || !error.retryable) throw error;
      return null;
    });
    if (standing !== null) {
      const waiting = standing.processes.filter((each) => !each.in_force);
      if (last || waiting.every(({ failed }) => failed)) return standing;
      const now = JSON.stringify(standing.processes);
      const all = standing.processes.length;
      if (now !== shown)
        out.note(
          `${all - waiting.length} of ${all} inference ${all === 1 ? 'process' : 'processes'} ${done}`,
        );
      shown = now;
    }
    await delay(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

type LaterMove = Awaited<ReturnType<ModelsControl['record']>>['moves'][number];

/** A move that somebody made since: processes have that one in force, not this one. */
async function laterMove({ models, move }: FollowMoveOptions, moveId: number): Promise<LaterMove | null> {
  const { moves } = await models.record(move.model);
  return moves.find((each) => each.move_id === moveId) ?? null;
}

function printReplaced({ model, alias, move_id: moveId }: Moved, later: LaterMove, out: Output): void {
  const { to_version: toVersion, actor, reason } = later;
  const to = toVersion === null ? 'dropped it' : `moved it to version ${toVersion}`;
  out.line(
    `${out.style.yellow(`${alias} of ${model} is not where you put it`)}: after your move ${moveId}, ${actor} ${to} (move ${later.move_id}: ${reason}). Talk to each other, then: larder models ${model}`,
  );
}

function movedText({
  model,
  alias,
  from_version: fromVersion,
  version,
  move_id: moveId,
  actor,
  moved_at: movedAt,
  changed,
}: Moved): string {
  if (!changed)
    return `${alias} of ${model} is version ${version} already: ${actor} moved it on ${movedAt} (move ${moveId}).`;
  if (fromVersion === version)
    return `${alias} of ${model} is version ${version}, as it was: this move ${moveId} is now on record.`;
  const from = fromVersion === null ? 'is new' : `was version ${fromVersion}`;
  return `${alias} of ${model} ${from}, and is version ${version} now (move ${moveId}).`;
}

function printStanding(
  {
    model,
    alias,
    version,
    processes: all,
  }: Pick<MoveStandingAnswer, 'model' | 'alias' | 'version' | 'processes'>,
  out: Output,
): void {
  const { style } = out;
  const waiting = all.filter((each) => !each.in_force);
  const named = `${alias} of ${model} is version ${version}`;
  if (all.length === 0) {
    out.line(`${style.green(named)}. No inference process runs: the next one starts with it.`);
    return;
  }
  if (waiting.length === 0) {
    out.line(`${style.green(named)}, warm in ${processes(all.length)}.`);
    return;
  }
  out.line(
    `${style.yellow(named)}, but ${waiting.length} of ${processes(all.length)} ${waiting.length === 1 ? 'does' : 'do'} not answer with it:`,
  );
  for (const { host, pid, reason } of waiting) out.line(`  ${host} pid ${pid} ${reason}`);
  const as = alias === 'champion' ? '' : ` --as ${alias}`;
  out.line(
    `The move is recorded, and a process that can still load it will. Watch them: larder ps. Undo it: larder rollback ${model}${as}`,
  );
}

function processes(count: number): string {
  return `${count} inference ${count === 1 ? 'process' : 'processes'}`;
}
