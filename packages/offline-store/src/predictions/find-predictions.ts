import { LarderError } from '@larder/core';
import { sql, type RawBuilder } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { LOGGED_COLUMNS, type LoggedPrediction } from './logged-prediction.ts';

export interface PredictionFilter {
  readonly project: string;
  readonly model?: string | undefined;
  readonly version?: number | undefined;
  readonly alias?: string | undefined;
  /** As the log writes them: `ad:ad-42`, `ad#<hex>`; predictions with one of them. */
  readonly entityKeys?: readonly string[] | undefined;
  readonly degraded?: boolean | undefined;
  /** Of the model's first output, inclusive. */
  readonly minOutput?: number | undefined;
  readonly maxOutput?: number | undefined;
  /** From `from` to before `to`. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

export interface PredictionsPage {
  readonly predictions: readonly LoggedPrediction[];
  /** Null: the end. */
  readonly cursor: string | null;
}

/** A page of logged predictions, newest first. @throws REQUEST_INVALID for a cursor that is none */
export async function findPredictions(
  store: Pick<OfflineStore, 'db'>,
  filter: PredictionFilter,
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<PredictionsPage> {
  const after = cursor === undefined ? null : positionOf(cursor);
  const before =
    after === null
      ? sql`true`
      : sql`(predicted_at, prediction_id) < (${after.predictedAt}::timestamptz, ${after.predictionId}::uuid)`;
  const { rows } = await sql<LoggedPrediction & { readonly at: string }>`
    select ${LOGGED_COLUMNS}, (extract(epoch from predicted_at) * 1000000)::bigint::text as at from larder.predictions
    where ${matches(filter)} and ${before}
    order by predicted_at desc, prediction_id desc limit ${limit + 1}`.execute(store.db);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    predictions: page,
    cursor: rows.length > limit && last !== undefined ? cursorOf(last) : null,
  };
}

/** The condition of a filter. */
export function matches(filter: PredictionFilter): RawBuilder<boolean> {
  const { project, model, version, alias, entityKeys, degraded, minOutput, maxOutput, from, to } = filter;
  const conditions = [
    sql`project = ${project}`,
    model !== undefined && sql`model = ${model}`,
    version !== undefined && sql`version = ${version}`,
    alias !== undefined && sql`alias = ${alias}`,
    entityKeys !== undefined && sql`entity_keys && ${entityKeys}::text[]`,
    degraded !== undefined && sql`degraded = ${degraded}`,
    minOutput !== undefined && sql`output >= ${minOutput}::float8`,
    maxOutput !== undefined && sql`output <= ${maxOutput}::float8`,
    from !== undefined && sql`predicted_at >= ${from}`,
    to !== undefined && sql`predicted_at < ${to}`,
  ].filter((condition) => condition !== false);
  return sql<boolean>`${sql.join(conditions, sql` and `)}`;
}

/** Microseconds: a `Date` would lose them. */
function cursorOf({ at, predictionId }: { readonly at: string; readonly predictionId: string }): string {
  return Buffer.from(`${at}/${predictionId}`).toString('base64url');
}

/** Until the year 2286. */
const CURSOR = /^(\d{1,13})(\d{3})\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

function positionOf(cursor: string): { readonly predictedAt: string; readonly predictionId: string } {
  const [, ms, us, predictionId] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (ms !== undefined && predictionId !== undefined)
    return { predictedAt: new Date(Number(ms)).toISOString().replace('Z', `${us}Z`), predictionId };
  const detail = 'is not a cursor of an earlier answer; omit it to start at the first page';
  throw new LarderError('REQUEST_INVALID', `The cursor ${detail}.`, {
    errors: [{ pointer: '/cursor', detail }],
  });
}
