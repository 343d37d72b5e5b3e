import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** A push with rejected rows tells its sender, not whoever is on call: `larder status` knows which pushes failed otherwise. */
export const rejectedRows: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`drop trigger notice_run on larder.runs`.execute(db);
    await sql`
      create trigger notice_run after update of status on larder.runs for each row
      when (new.status is distinct from old.status and (new.status = 'held'
        or new.trigger <> 'push' and (new.status = 'failed' or new.status = 'partial'
          and new.rows_failed >= 0.05 * (new.rows_done + new.rows_failed + new.rows_skipped))))
      execute function larder.notice_run()`.execute(db);
  },
};
