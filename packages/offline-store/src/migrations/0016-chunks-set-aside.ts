import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { createRunViolations } from './0009-run-violations.ts';

/** Chunks whose rows are in a history that was set aside: the present history has none of them. */
export const chunksSetAside: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table larder.chunks add column set_aside text`.execute(db);
    await sql.raw(createRunViolations({ andChunk: ' and c.set_aside is null' })).execute(db);
  },
};
