import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';

export const AUDIT_TABLE = { schema: 'larder', name: 'audit' };

/** Whether this login has the rights of the owner of the audit; false also before it is migrated. */
export async function ownsAudit(store: Pick<OfflineStore, 'db'>): Promise<boolean> {
  const { rows } = await sql<{ owns: boolean }>`
    select coalesce((select pg_has_role(relowner, 'USAGE') from pg_class where oid = to_regclass('larder.audit')), false)
      as owns`.execute(store.db);
  return rows[0]?.owns === true;
}

/** Whether this login could change entries, or drop them. */
export async function canRewriteAudit(store: Pick<OfflineStore, 'db'>): Promise<boolean> {
  const { rows } = await sql<{ can: boolean }>`
    with places as (
      select oid from pg_class where oid = to_regclass('larder.audit')
      union all select inhrelid from pg_inherits where inhparent = to_regclass('larder.audit')
    )
    select coalesce(bool_or(pg_has_role(c.relowner, 'USAGE') or pg_has_role(n.nspowner, 'USAGE')
      or has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
      or has_any_column_privilege(c.oid, 'UPDATE')), false) as can
    from places join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace`.execute(store.db);
  return rows[0]?.can === true;
}
