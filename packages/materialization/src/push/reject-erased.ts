import { erasedAmong, holdOffErasures, type StoreTransaction } from '@larder/offline-store';
import type { AcceptedPush } from './accept-push.ts';
import type { RejectedRow } from './check-pushed-rows.ts';

/** The pushes in the same order, rows of erased entities rejected; holds off erasures until the transaction ends. */
export async function rejectErased(
  tx: Pick<StoreTransaction, 'db'>,
  pushes: readonly AcceptedPush[],
  { project, entity }: { readonly project: string; readonly entity: string },
): Promise<readonly AcceptedPush[]> {
  if (!(await holdOffErasures(tx, project, entity))) return pushes;
  const keys = pushes.flatMap(({ checked }) => checked.accepted.map(({ row }) => row.entityKey));
  const erased = await erasedAmong(tx, { project, entity, keys: [...new Set(keys)] });
  return erased.size === 0 ? pushes : pushes.map((push) => withoutErased(push, erased));
}

function withoutErased(push: AcceptedPush, erased: ReadonlySet<string>): AcceptedPush {
  const { accepted, rejected } = push.checked;
  const kept = accepted.filter(({ row }) => !erased.has(row.entityKey));
  if (kept.length === accepted.length) return push;
  const checked = {
    accepted: kept,
    rejected: [
      ...rejected,
      ...accepted.filter(({ row }) => erased.has(row.entityKey)).map(({ index }) => refusal(index)),
    ].toSorted((a, b) => a.index - b.index),
  };
  return { ...push, checked, answer: { accepted: kept.length, rejected: checked.rejected } };
}

function refusal(index: number): RejectedRow {
  const detail = 'belongs to an entity that was erased, which takes no rows; leave it out';
  return { index, code: 'ENTITY_ERASED', errors: [{ pointer: `/rows/${index}`, detail }] };
}
