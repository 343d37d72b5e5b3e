import { LarderError } from '@larder/core';
import { storableText } from '@larder/offline-store';
import { sql } from 'kysely';
import type { RunStore } from '../runs/index.ts';
import type { RejectedRow } from './check-pushed-rows.ts';

/** The answer to a caller; stored with the key, so that a retry gets the same answer. */
export interface PushAnswer {
  readonly accepted: number;
  readonly rejected: readonly RejectedRow[];
}

export interface KeyedPush {
  readonly idempotencyKey: string;
  readonly requestSha256: string;
  readonly answer: PushAnswer;
}

export interface EarlierPush {
  readonly runId: string;
  readonly answer: PushAnswer;
  /** True when the online store has its rows. */
  readonly done: boolean;
}

/**
 * Takes the free keys for the run that the transaction lands; returns the keys that it got. Waits for a transaction
 * that holds one of them, in the order of the keys, so that two of them never wait for each other.
 */
export async function takePushKeys(
  tx: RunStore,
  pushes: readonly KeyedPush[],
  run: { readonly project: string; readonly runId: string },
): Promise<ReadonlySet<string>> {
  if (pushes.length === 0) return new Set();
  // A process of the previous version stores keys with its runs, and so do backfills.
  const { rows } = await sql<{ key: string }>`
    insert into larder.pushes (project, idempotency_key, request_sha256, run_id, answer)
    select ${run.project}, given."idempotencyKey", given."requestSha256", ${run.runId}, given.answer
    from jsonb_to_recordset(${JSON.stringify(pushes, storable)}::jsonb) as given
      ("idempotencyKey" text, "requestSha256" text, answer jsonb)
    where not exists (
      select from larder.runs r where r.project = ${run.project} and r.idempotency_key = given."idempotencyKey")
    order by given."idempotencyKey"
    on conflict (project, idempotency_key) do nothing
    returning idempotency_key as key`.execute(tx.db);
  return new Set(rows.map(({ key }) => key));
}

/** Names of rejected members are in the answer as the caller wrote them. */
function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? storableText(value) : value;
}

/** The push that came with this key before; null: it is forgotten by now. @throws IDEMPOTENCY_KEY_REUSED the key came with another request. */
export async function earlierPush(
  store: RunStore,
  push: { readonly project: string } & Pick<KeyedPush, 'idempotencyKey' | 'requestSha256'>,
): Promise<EarlierPush | null> {
  const { rows } = await sql<EarlierPush & { requestSha256: string }>`
    with known as (
      select run_id, request_sha256, answer from larder.pushes
      where project = ${push.project} and idempotency_key = ${push.idempotencyKey}
      union all
      select r.run_id, r.request_sha256, c.bounds -> 'answer'
      from larder.runs r left join larder.chunks c on c.run_id = r.run_id and c.ordinal = 0
      where r.project = ${push.project} and r.idempotency_key = ${push.idempotencyKey}
    )
    select k.run_id as "runId", k.request_sha256 as "requestSha256", k.answer, coalesce(c.done, false) as done
    from known k cross join lateral (
      select bool_and(state = 'done') as done from larder.chunks where run_id = k.run_id) c
    limit 1`.execute(store.db);
  const [earlier] = rows;
  if (earlier === undefined) return null;
  if (earlier.requestSha256 === push.requestSha256) return earlier;
  throw new LarderError(
    'IDEMPOTENCY_KEY_REUSED',
    `This Idempotency-Key started run ${earlier.runId} with another request; use a new key.`,
  );
}

/** Replaces the stored answers of these keys, in the transaction that took them. */
export async function updatePushAnswers(
  tx: RunStore,
  project: string,
  answers: readonly { readonly idempotencyKey: string; readonly answer: PushAnswer }[],
): Promise<void> {
  if (answers.length === 0) return;
  await sql`
    update larder.pushes p set answer = given.answer
    from jsonb_to_recordset(${JSON.stringify(answers, storable)}::jsonb) as given ("idempotencyKey" text, answer jsonb)
    where p.project = ${project} and p.idempotency_key = given."idempotencyKey"`.execute(tx.db);
}

/** A key that comes twice in a group: the later one gets the answer of the first. */
export function firstOfEachKey<Keyed extends { readonly idempotencyKey: string | null }>(
  group: readonly Keyed[],
): ReadonlyMap<string, Keyed> {
  const first = new Map<string, Keyed>();
  for (const each of group)
    if (each.idempotencyKey !== null && !first.has(each.idempotencyKey)) first.set(each.idempotencyKey, each);
  return first;
}
