import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** A dropped alias is a move to no version. */
export const aliasDrops: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      alter table larder.alias_moves
        alter column to_version drop not null,
        drop constraint alias_moves_kind_check,
        add constraint alias_moves_kind_check check (kind in ('promote', 'rollback', 'drop')),
        add constraint alias_moves_target_check check ((kind = 'drop') = (to_version is null))`.execute(db);
  },
};
