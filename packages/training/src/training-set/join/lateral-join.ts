import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { JOINED_STATUS, type OfflineStore, type PointInTimeJoin } from '@larder/offline-store';

/** Throw-away: until the engine of packages/offline-store lands. */
export function joinInPostgresql(
  store: OfflineStore,
  join: PointInTimeJoin,
  spine: Readable,
  { signal }: { readonly signal: AbortSignal; readonly onProgress: (rows: number) => void },
): Readable {
  const out = new PassThrough();
  void run().catch((error: unknown) => out.destroy(error as Error));
  return out;

  async function run(): Promise<void> {
    await store.transaction(async ({ client }) => {
      const keys = join.entity.join_keys;
      const sqlTypes: Record<string, string> = {
        string: 'text',
        int64: 'bigint',
        bool: 'boolean',
        timestamp: 'timestamptz',
        float64: 'float8',
        float32: 'real',
      };
      await client.query(
        `set local statement_timeout = 0; create temp table spine_in (row bigint, at_us bigint, ${keys.map((k) => `"${k.name}" ${sqlTypes[k.type]}${k.type === 'string' ? ' collate "C"' : ''}`).join(', ')}) on commit drop`,
      );
      await pipeline(spine, client.query(copyFrom('copy spine_in from stdin (format csv)')), { signal });
      const select = ['s.row'];
      const laterals: string[] = [];
      for (const [i, { view, features, ttlMs }] of join.views.entries()) {
        const at = `(timestamptz 'epoch' + s.at_us * interval '1 microsecond')`;
        const fresh =
          ttlMs === 'forever'
            ? 'true'
            : `(${at} - h${i}.event_timestamp) <= interval '${ttlMs} milliseconds'`;
        select.push(
          `case when h${i}.event_timestamp is null then 0 when not ${fresh} then 2 else 1 end`,
          `(extract(epoch from h${i}.event_timestamp)*1000)::bigint`,
          `(extract(epoch from h${i}.created_timestamp)*1000)::bigint`,
          `h${i}.revision`,
        );
        for (const field of features) {
          const raw = `h${i}."${field.name}"`;
          const text =
            field.type === 'vector'
              ? `'[' || array_to_string(${raw}, ',') || ']'`
              : field.type === 'timestamp'
                ? `(extract(epoch from ${raw})*1000)::bigint::text`
                : `${raw}::text`;
          select.push(`case when ${fresh} then ${text} end`);
        }
        const table = `"${join.project.project}_history"."${view.name}_v${view.version}"`;
        laterals.push(
          `left join lateral (select * from ${table} h where ${keys.map((k) => `h."${k.name}" = s."${k.name}"`).join(' and ')} and h.event_timestamp <= ${at} and h.landed_at < '${join.landedBefore.toISOString()}' and h.created_timestamp <= ${at} order by h.event_timestamp desc, h.created_timestamp desc, h.revision desc limit 1) h${i} on true`,
        );
      }
      await pipeline(
        client.query(
          copyTo(
            `copy (select ${select.join(', ')} from spine_in s ${laterals.join(' ')}) to stdout (format csv)`,
          ),
        ),
        out,
        { signal },
      );
    });
    void JOINED_STATUS;
  }
}
