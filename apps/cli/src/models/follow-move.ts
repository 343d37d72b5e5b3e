import type { OfflineStore } from '@larder/offline-store';
import {
  awaitInForce,
  moveResultJson,
  readAlias,
  type AliasId,
  type AliasMove,
  type FleetStanding,
} from '@larder/registry';
import type { Output } from '../output/output.ts';
import { DONE, FAILED } from '../problem.ts';

export interface FollowMoveOptions {
  readonly store: OfflineStore;
  readonly id: AliasId;
  readonly move: AliasMove;
  /** False: the alias was there already. */
  readonly changed: boolean;
  readonly waitMs: number;
  readonly out: Output;
  readonly signal: AbortSignal;
}

/** Waits until every inference process has the move in force, and answers with the outcome. @returns the exit code */
export async function followMove(options: FollowMoveOptions): Promise<number> {
  const { store, id, move, changed, waitMs, out, signal } = options;
  out.note(movedText(move, changed));
  if (waitMs === 0) {
    out.answer(moveResultJson(move, { changed, standing: null }), () =>
      out.line('Inference processes that can serve it load it now: larder ps'),
    );
    return DONE;
  }
  const standing = await awaitInForce(store, {
    ...id,
    moveId: move.moveId,
    timeoutMs: waitMs,
    signal,
    onProgress({ inForce, waiting }) {
      const all = inForce.length + waiting.length;
      out.note(`${inForce.length} of ${all} inference ${all === 1 ? 'process' : 'processes'} ready`);
    },
  });
  const later = await laterMove(store, id, move);
  const result = moveResultJson(move, { changed, standing });
  out.answer({ ...result, replaced_by: later?.moveId ?? null }, () =>
    later === null ? printStanding(move, standing, out) : printReplaced(move, later, out),
  );
  return standing.waiting.length === 0 && later === null ? DONE : FAILED;
}

/** A move that somebody made since: processes have that one in force, not this one. */
async function laterMove(store: OfflineStore, id: AliasId, { moveId }: AliasMove): Promise<AliasMove | null> {
  const { newest } = await readAlias(store, id);
  return newest === null || newest.moveId === moveId ? null : newest;
}

function printReplaced({ moveId }: AliasMove, later: AliasMove, out: Output): void {
  const { model, alias, toVersion, actor, reason } = later;
  const to = toVersion === null ? 'dropped it' : `moved it to version ${toVersion}`;
  out.line(
    `${out.style.yellow(`${alias} of ${model} is not where you put it`)}: after your move ${moveId}, ${actor} ${to} (move ${later.moveId}: ${reason}). Talk to each other, then: larder models ${model}`,
  );
}

function movedText(
  { model, alias, fromVersion, toVersion, moveId, actor, movedAt }: AliasMove,
  changed: boolean,
): string {
  if (!changed)
    return `${alias} of ${model} is version ${toVersion} already: ${actor} moved it on ${movedAt.toISOString()} (move ${moveId}).`;
  if (fromVersion === toVersion)
    return `${alias} of ${model} is version ${toVersion}, as it was: this move ${moveId} is now on record.`;
  const from = fromVersion === null ? 'is new' : `was version ${fromVersion}`;
  return `${alias} of ${model} ${from}, and is version ${toVersion} now (move ${moveId}).`;
}

function printStanding(
  { model, alias, toVersion }: AliasMove,
  { inForce, waiting }: FleetStanding,
  out: Output,
): void {
  const { style } = out;
  const all = inForce.length + waiting.length;
  const named = `${alias} of ${model} is version ${toVersion}`;
  if (all === 0) {
    out.line(`${style.green(named)}. No inference process runs: the next one starts with it.`);
    return;
  }
  if (waiting.length === 0) {
    out.line(`${style.green(named)}, warm in ${processes(all)}.`);
    return;
  }
  out.line(
    `${style.yellow(named)}, but ${waiting.length} of ${processes(all)} ${waiting.length === 1 ? 'does' : 'do'} not answer with it:`,
  );
  for (const { process, reason } of waiting) out.line(`  ${process.host} pid ${process.pid} ${reason}`);
  const as = alias === 'champion' ? '' : ` --as ${alias}`;
  out.line(
    `The move is recorded, and a process that can still load it will. Watch them: larder ps. Undo it: larder rollback ${model}${as}`,
  );
}

function processes(count: number): string {
  return `${count} inference ${count === 1 ? 'process' : 'processes'}`;
}
