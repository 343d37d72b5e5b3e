import type { EntityManifest, FeatureViewManifest, FieldValue } from '@larder/features';
import { sql } from 'kysely';
import { fieldColumn } from '../history/field-column.ts';
import { keyTexts } from '../history/key-parameters.ts';
import type { OfflineStore } from '../offline-store.ts';
import { joinedTable } from './joined-table.ts';
import type { PointInTimeJoin } from './point-in-time.ts';

export interface ReadWindows {
  readonly project: PointInTimeJoin['project'];
  readonly entity: EntityManifest;
  readonly view: FeatureViewManifest;
}

export interface WindowsMoment {
  readonly keys: Readonly<Record<string, FieldValue>>;
  readonly at: Date;
  /** Difference between the clocks of a service and of PostgreSQL. */
  readonly marginMs: number;
}

export interface UnsettledEvents {
  /** Some were confirmed by the online store within the margin of the moment. */
  readonly confirmed: boolean;
  /** Some had landed, and were confirmed later or never. */
  readonly unconfirmed: boolean;
}

/** Whether events of a key may or may not have been online at a moment. */
export async function unsettledEvents(
  store: Pick<OfflineStore, 'db'>,
  { project, entity, view }: ReadWindows,
  { keys, at, marginMs }: WindowsMoment,
): Promise<UnsettledEvents> {
  const table = joinedTable({ project }, { view });
  const events = sql.table(`${table.schema}.${table.name}`);
  const place = { ref: view.name, ...table, keys: entity.join_keys.map(fieldColumn) };
  const ofKey = sql.join(
    place.keys.map((column) => {
      const [text = ''] = keyTexts(place, column.name, [keys]);
      return sql`${sql.ref(column.name)} = ${text}::text::${sql.raw(column.sqlType)}`;
    }),
    sql` and `,
  );
  const spans = view.windowed?.windows ?? [];
  const from = new Date(at.getTime() - Math.max(...spans.map((span) => span.window_ms + span.hop_ms)));
  const to = new Date(at.getTime() + Math.max(...spans.map((span) => span.hop_ms)));
  const [early, late] = [-marginMs, marginMs].map((ms) => new Date(at.getTime() + ms));
  const { rows } = await sql<UnsettledEvents>`
    select coalesce(bool_or(o.online_at between ${early} and ${late}), false) as confirmed,
      coalesce(bool_or(e.landed_at <= ${late} and (o.online_at is null or o.online_at > ${at})), false) as unconfirmed
    from ${events} e left join larder.chunk_online_times o using (chunk_id)
    where (e.event_id, e.event_timestamp) in (
      select event_id, event_timestamp from ${events}
      where ${ofKey} and event_timestamp >= ${from} and event_timestamp < ${to})`.execute(store.db);
  return rows[0] ?? { confirmed: false, unconfirmed: false };
}
