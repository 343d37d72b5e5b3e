import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { FieldValue } from '@larder/features';
import type { OfflineStore } from '../offline-store.ts';
import { joinInPostgresql } from './join-in-postgresql.ts';
import { JOINED_STATUS, type PointInTimeJoin } from './point-in-time.ts';
import type { ReadWindows } from './unsettled-events.ts';

/** A windowed view of one key as the online store had it at a time, by feature. Null: its events are no longer kept. */
export async function windowsAsServed(
  store: Pick<OfflineStore, 'pool'>,
  { project, entity, view }: ReadWindows,
  { keys, at }: { readonly keys: Readonly<Record<string, FieldValue>>; readonly at: Date },
): Promise<Record<string, FieldValue | null> | null> {
  const join: PointInTimeJoin = {
    project,
    entity,
    views: [{ view, features: view.schema, ttlMs: view.ttl_ms }],
    cutOff: 'online',
    landedBefore: new Date(),
  };
  const spine = [0, at.getTime() * 1_000, ...entity.join_keys.map(({ name }) => csvValue(keys[name]))];
  const csv = await text(joinInPostgresql(store, join, Readable.from(`${spine.join(',')}\n`)));
  const [, status, , , , ...values] = csv.trimEnd().split(',');
  if (Number(status) !== JOINED_STATUS.PRESENT) return null;
  return Object.fromEntries(
    view.schema.map(({ name }, place) => [name, values[place] === '' ? null : Number(values[place])]),
  );
}

function csvValue(value: FieldValue | undefined): string {
  if (value instanceof Date) return value.toISOString();
  return `"${`${value as string | number | bigint | boolean}`.replaceAll('"', '""')}"`;
}
