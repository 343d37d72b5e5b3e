import type { ErasureReceipt } from '@larder/contracts';
import { LarderError } from '@larder/core';
import { z } from 'zod';
import { positiveWhole } from '../input.ts';
import { askYes } from '../output/confirm.ts';
import type { Output } from '../output/output.ts';
import { DONE, FAILED } from '../problem.ts';
import { defineVerb, wrongUsage } from '../verb.ts';

const DEFAULT_LIMIT = 20;

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('[entity]', 'entity, such as ad')
      .argument('[key]', "its key, as larder entities lists it; parts are joined by '|'")
      .option('--reason <text>', 'why; kept in the receipt, so do not name the key')
      .option('--yes', 'do not ask')
      .option('--allow-again', 'let rows of an erased key land again; nothing that was erased returns')
      .option('--receipts', 'list receipts instead')
      .option('--limit <n>', `with --receipts: maximum number [${DEFAULT_LIMIT}]`)
      .addHelpText(
        'after',
        `
Erases one entity everywhere: rows of the online store, history of every view version, archives,
logged predictions, labels, failures, queued work. It cannot be undone, and later backfills, pushes
and labels of the key are refused. Prints a receipt: what was removed where, and which training sets
still hold the key. Delete the entity in your source too.

For somebody who returns, --allow-again lets rows of the key land again, an hour after the erasure at
the earliest: nothing that was erased returns, unless your source still has it. The receipt keeps who
allowed it, and --reason.

If something is away, the receipt stays running and any worker continues; so does the same command.

Examples:
  larder forget user 4711 --reason 'request 2026-118'
  larder forget user 4711 --allow-again --reason 'signed up again'
  larder forget --receipts`,
      );
  },
  input: z.object({
    entity: z.string().optional(),
    key: z.string().optional(),
    reason: z.string().min(1).max(500).optional(),
    yes: z.boolean().default(false),
    allowAgain: z.boolean().default(false),
    receipts: z.boolean().default(false),
    limit: positiveWhole.default(DEFAULT_LIMIT),
  }),
  async run(session, { entity, key: typedKey, reason, yes, allowAgain, receipts, limit }) {
    const { out } = session;
    const control = await session.control();
    const erasing = await control.entities();
    if (receipts) {
      const listed = await erasing.receipts(limit);
      out.answer({ receipts: listed }, () => {
        if (listed.length === 0) out.note('Nothing was erased yet.');
        for (const each of listed)
          out.line(
            `${each.receipt_id}  ${each.requested_at}  ${each.status}  ${each.entity}  ${each.key_hash.slice(0, 16)}  ${each.actor}${each.reason === null ? '' : `  ${each.reason}`}`,
          );
      });
      return DONE;
    }
    const { entities } = await control.manifest();
    const joinKeys = entity === undefined ? [] : (entities[entity]?.join_keys ?? []);
    // an entity without join keys is refused with its own reason
    const key = typedKey ?? (joinKeys.some(({ constant }) => constant !== undefined) ? '' : undefined);
    if (entity === undefined || key === undefined)
      throw wrongUsage('forget', [
        { pointer: entity === undefined ? 'ENTITY' : 'KEY', detail: 'is missing' },
      ]);
    if (allowAgain) {
      const allowed = await erasing.allowAgain(entity, key, reason ?? null);
      out.answer(allowed, () => {
        out.line(`receipt    ${allowed.receipt_id}`);
        out.line('allowed    rows of the key land again; what was erased stays erased');
      });
      return DONE;
    }
    if (!yes && !(await askYes(`Erase ${entity} ${key} everywhere? This cannot be undone.`, session)))
      throw new LarderError('DESTRUCTIVE_CHANGE', 'Nothing was erased. Confirm with --yes.');
    const receipt = await erasing.forget(entity, key, reason ?? null);
    out.answer(receipt, () => printReceipt(out, receipt));
    return receipt.status === 'complete' ? DONE : FAILED;
  },
});

function printReceipt(out: Output, receipt: ErasureReceipt): void {
  out.line(`receipt    ${receipt.receipt_id}`);
  out.line(`entity     ${receipt.entity}`);
  out.line(`key hash   ${receipt.key_hash}`);
  out.line(`status     ${receipt.status}`);
  const places = Object.entries(receipt.removed);
  for (const [place, count] of places) out.line(`removed    ${count} from ${place}`);
  if (places.length === 0 && receipt.status === 'complete')
    out.line('removed    nothing: no place held the key');
  for (const { kind, id, host, folder } of receipt.still_held)
    out.line(
      kind === 'training_set'
        ? `still held by training set ${id}${folder === null ? '' : `, written to ${folder} on ${host}`}`
        : `still held by the archive in ${folder} on ${host}; the next larder archive there erases it`,
    );
  if (receipt.error !== null) out.note(receipt.error.reason);
  if (receipt.status === 'running') out.note('A worker continues; to continue here, run the command again.');
  else out.note('Copies that left Larder (exports, backups, what others downloaded) are not known to it.');
}
