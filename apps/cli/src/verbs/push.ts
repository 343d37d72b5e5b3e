import { MAX_PUSH_ROWS } from '@larder/contracts';
import { MAX_PROBLEMS } from '@larder/core';
import { z } from 'zod';
import type { PushedPage, RejectedRow } from '../control/control.ts';
import type { Output } from '../output/output.ts';
import { DONE, FAILED } from '../problem.ts';
import { readRows } from '../push/read-rows.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<view>', 'view without compute, such as ad_price or ad_price@1, or event source')
      .argument('<file>', 'rows or events: a JSON array, or JSON lines')
      .addHelpText(
        'after',
        `
Each row has the join keys, event_timestamp (ISO 8601 with offset) and every feature, null for no value; those
that the view's partialPush covers may be left out.
An event has event_id, event_timestamp and the fields of the source; "retracted": true takes one back.
Invalid rows are reported and skipped; the others land. Events that are there already change nothing.

Examples:
  larder push ad_price rows.jsonl
  larder push ad_events events.jsonl`,
      );
  },
  input: z.object({ view: z.string(), file: z.string() }),
  async run({ out, signal, control }, { view, file }) {
    const rows = await readRows(file);
    const landing = await (await control()).rows();
    const pages: PushedPage[] = [];
    for (let start = 0; start < rows.length && !signal.aborted; start += MAX_PUSH_ROWS) {
      const pushed = await landing.push(view, rows.slice(start, start + MAX_PUSH_ROWS));
      pages.push({ ...pushed, rejected: pushed.rejected.map((row) => shifted(row, start)) });
    }
    const isSource = pages[0]?.what === 'event';
    const summary = {
      accepted: pages.reduce((sum, { accepted }) => sum + accepted, 0),
      ...(isSource && { duplicates: pages.reduce((sum, { duplicates }) => sum + duplicates, 0) }),
      rejected: pages.flatMap(({ rejected }) => rejected),
      run_ids: pages.map(({ run_id: id }) => id),
      online: pages.every(({ online }) => online),
      complete: !signal.aborted,
    };
    out.answer(summary, () => show(summary, { name: view, what: isSource ? 'event' : 'row' }, out));
    return summary.rejected.length === 0 && summary.complete ? DONE : FAILED;
  },
});

/** Pointers use the row's position in the file, not in the page. */
function shifted({ index, code, errors }: RejectedRow, start: number): RejectedRow {
  return {
    index: index + start,
    code,
    errors: errors.map(({ pointer, detail }) => ({
      pointer: pointer.replace(/^\/(rows|events)\/\d+/, `/$1/${index + start}`),
      detail,
    })),
  };
}

interface Summary {
  readonly accepted: number;
  /** Of events alone. */
  readonly duplicates?: number;
  readonly rejected: readonly RejectedRow[];
  readonly online: boolean;
  readonly complete: boolean;
}

function show(
  { accepted, duplicates, rejected, online, complete }: Summary,
  { name, what }: { readonly name: string; readonly what: string },
  out: Output,
): void {
  const known = duplicates === undefined ? '' : `${duplicates} there already, `;
  out.line(
    `${accepted} ${what}${accepted === 1 ? '' : 's'} of ${name} landed, ${known}${rejected.length} rejected`,
  );
  for (const { errors } of rejected.slice(0, MAX_PROBLEMS))
    for (const { pointer, detail } of errors) out.line(`  ${pointer} ${detail}`);
  if (rejected.length > MAX_PROBLEMS)
    out.note(`The first ${MAX_PROBLEMS} rejected rows are shown; --json has them all.`);
  if (!online) out.note('The online store does not answer; a worker will write the rows there.');
  if (!complete) out.note('Stopped before the end of the file.');
}
