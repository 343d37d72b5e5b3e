import { dropExpiredAudit, migrate, pendingMigrations } from '@larder/offline-store';
import { z } from 'zod';
import { asOwner } from '../migrate-as-owner.ts';
import { CHANGED, DONE } from '../problem.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command.option('--check', 'only say what is missing; exit with 3 if something is').addHelpText(
      'after',
      `
Migrates the control tables, under the login of LARDER_OWNER_DATABASE_URL if it is set. Run it before
processes of a new version start, where theirs does not own the tables: they wait for it. Without that
setting every process migrates when it starts, and larder apply does, too.

Also drops the months of the audit that are older than LARDER_AUDIT_RETENTION.

Example:
  larder migrate`,
    );
  },
  input: z.object({ check: z.boolean().optional() }),
  async run(session, { check }) {
    const { out, config } = session;
    if (check === true) {
      const pending = await asOwner(session, pendingMigrations);
      out.answer({ pending }, () =>
        out.line(pending.length === 0 ? 'Nothing to migrate.' : `Missing: ${pending.join(', ')}`),
      );
      return pending.length === 0 ? DONE : CHANGED;
    }
    const done = await asOwner(session, async (store) => {
      const { applied } = await migrate(store);
      return { applied, dropped: await dropExpiredAudit(store, config.auditMs) };
    });
    out.answer(done, () => {
      out.line(done.applied.length === 0 ? 'Nothing to migrate.' : `Migrated: ${done.applied.join(', ')}`);
      if (done.dropped.length > 0) out.line(`Dropped from the audit: ${done.dropped.join(', ')}`);
    });
    return DONE;
  },
});
