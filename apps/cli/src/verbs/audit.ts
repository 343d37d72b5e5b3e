import type { AuditAnswer } from '@larder/contracts';
import type { readAudit } from '@larder/offline-store';
import { z } from 'zod';
import { printAudit } from '../audit/print-audit.ts';
import { positiveWhole } from '../input.ts';
import { timesInput } from '../predictions/log-filter.ts';
import { DONE } from '../problem.ts';
import type { Session } from '../session.ts';
import { defineVerb } from '../verb.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .option('--actor <actor>', 'only entries of this actor, such as ada@laptop')
      .option('--key-id <id>', 'only entries of this API key')
      .option('--action <action>', 'only this action, such as alias.move')
      .option('--subject <subject>', "only this subject, such as 'model ad_ctr@champion'")
      .option('--entity <entity>', 'with --key: only entries about one entity')
      .option('--key <key>', "its key, such as ad-42; join the parts of a composite key with '|'")
      .option('--refused', 'only refused calls')
      .option('--from <instant>', 'only entries from this instant on')
      .option('--to <instant>', 'only entries before this instant')
      .option('--limit <n>', `maximum number of entries, at most ${MAX_LIMIT} [${DEFAULT_LIMIT}]`)
      .option('--cursor <cursor>', 'the page after the one that ended with this cursor')
      .addHelpText(
        'after',
        `
Lists who changed or inspected what, newest first. With --json, prints the answer of GET /v1/audit.

Examples:
  larder audit --action project.apply
  larder audit --entity ad --key ad-42
  larder audit --refused --from 2026-11-20T00:00:00Z`,
      );
  },
  input: timesInput.extend({
    actor: z.string().optional(),
    keyId: z.string().optional(),
    action: z.string().optional(),
    subject: z.string().optional(),
    entity: z.string().optional(),
    key: z.string().optional(),
    refused: z.boolean().optional(),
    cursor: z.string().optional(),
    limit: positiveWhole
      .pipe(z.number().max(MAX_LIMIT, `must be at most ${MAX_LIMIT}`))
      .default(DEFAULT_LIMIT),
  }),
  async run(session, { refused, ...typed }) {
    const { out, control } = session;
    const outcome = refused === true ? ('refused' as const) : undefined;
    const { client } = await control();
    const { keyId, from, to, ...query } = typed;
    const answer =
      client === null
        ? await storedAudit(session, { ...typed, outcome })
        : await client.get<AuditAnswer>('/v1/audit', {
            query: {
              ...query,
              outcome,
              key_id: keyId,
              from: from?.toISOString(),
              to: to?.toISOString(),
            },
            members: ['entries', 'cursor'],
          });
    out.answer(answer, () => printAudit(answer, out));
    return DONE;
  },
});

type Asked = Omit<Parameters<typeof readAudit>[1], 'project'> & {
  readonly entity?: string | undefined;
  readonly key?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
};

async function storedAudit(
  session: Session,
  { entity, key, cursor, limit, ...filter }: Asked,
): Promise<AuditAnswer> {
  const { askedSubject, auditEntryJson, readAudit: read } = await import('@larder/offline-store');
  const store = await session.offlineStore();
  const about =
    entity === undefined && key === undefined
      ? undefined
      : await askedSubject(store, await session.manifest(), { entity, key });
  const page = await read(
    store,
    { ...filter, project: await session.projectName(), subject: about ?? filter.subject },
    { cursor, limit },
  );
  return { entries: page.entries.map(auditEntryJson), cursor: page.cursor };
}
