import type { BackfillRequest } from '@larder/contracts';
import type { JsonValue, Manifest } from '@larder/features';
import { z } from 'zod';
import type { Control } from '../control/control.ts';
import { followRun } from '../backfill/follow-run.ts';
import { failuresByCode, printSummary } from '../backfill/print-summary.ts';
import { positiveWhole } from '../input.ts';
import { DONE, FAILED } from '../problem.ts';
import { defineVerb, wrongUsage } from '../verb.ts';

const instant = z.iso.datetime({
  offset: true,
  error: 'must be an instant with an offset, such as 2026-11-20T00:00:00Z',
});

const input = z.object({
  view: z.string(),
  all: z.boolean().optional(),
  missing: z.boolean().optional(),
  entity: z.array(z.string()).optional(),
  from: instant.optional(),
  to: instant.optional(),
  limit: positiveWhole.optional(),
  priority: z.coerce
    .number('must be a whole number from 0 to 100')
    .pipe(z.int('must be a whole number from 0 to 100').min(0).max(100))
    .optional(),
  maxRowsPerSecond: z.coerce
    .number('must be a number above 0')
    .positive('must be a number above 0')
    .optional(),
  force: z.boolean().optional(),
  detach: z.boolean().optional(),
  strict: z.boolean().optional(),
});

type Input = z.infer<typeof input>;

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<view>', 'view, such as ad_image (its newest version) or ad_image@1')
      .option('--all', 'every row of the source (the default)')
      .option('--missing', 'only entities that were never computed')
      .option('--entity <key...>', 'only these entities')
      .option('--from <instant>', 'only rows whose event timestamp is not before this; needs --to')
      .option('--to <instant>', 'only rows whose event timestamp is before this; needs --from')
      .option('--limit <n>', 'maximum number of rows')
      .option('--priority <n>', '0 to 100, higher goes first [50]')
      .option('--max-rows-per-second <n>', 'limit the load on the source')
      .option('--force', 'also compute rows whose input did not change')
      .option('--detach', 'only queue the run')
      .option('--strict', 'exit with code 1 also when some rows failed')
      .addHelpText(
        'after',
        `
Queues a run, which the workers compute, and follows it to its end. Ctrl-C only stops following.
Exit code 0: the run succeeded, or is partial without --strict; 1: it failed, was cancelled, the
source lacks an entity that --entity names, or following stopped before its end.

Examples:
  larder backfill ad_image
  larder backfill ad_image --entity ad-42 ad-43 --force
  larder backfill ad_events --from 2026-11-01T00:00:00Z --to 2026-11-08T00:00:00Z --detach`,
      );
  },
  input,
  async run(session, typed) {
    const { out, signal } = session;
    const control = await session.control();
    const runs = await control.runs();
    const { run_id: runId, status } = await runs.backfill({
      view: typed.view,
      scope: await scopeOf(control, typed),
      limit: typed.limit,
      priority: typed.priority,
      max_rows_per_second: typed.maxRowsPerSecond,
      force: typed.force,
    });
    if (typed.detach === true) {
      out.answer({ run_id: runId, status }, () => {
        out.line(`Run ${runId} is ${status}.`);
        printHints(runId);
      });
      return DONE;
    }
    const run = await followRun({ runs, runId, out, signal });
    if (run.finished_at === null) {
      out.answer(run, () => {
        out.line(
          run.status === 'held'
            ? `Run ${runId} waits for you.`
            : `No longer following; run ${runId} continues.`,
        );
        printHints(runId);
      });
      return FAILED;
    }
    const failures = await failuresByCode((cursor) => runs.failures(runId, { cursor, limit: 500 }));
    out.answer({ ...run, failures_by_code: failures }, () => printSummary(run, failures, out));
    const unknownKeys = failures.some(({ code }) => code === 'SOURCE_ROW_NOT_FOUND');
    const good =
      run.status === 'succeeded' || (run.status === 'partial' && typed.strict !== true && !unknownKeys);
    return good ? DONE : FAILED;

    function printHints(id: string): void {
      out.line(`  follow   larder runs ${id} --follow`);
      out.line(`  cancel   larder runs ${id} cancel`);
    }
  },
});

/** @throws REQUEST_INVALID for options that exclude each other, ENTITY_KEY_INVALID */
async function scopeOf(control: Control, typed: Input): Promise<BackfillRequest['scope']> {
  const { all, missing, entity: keys, from, to } = typed;
  const chosen = [
    all === true && '--all',
    missing === true && '--missing',
    keys !== undefined && '--entity',
    (from !== undefined || to !== undefined) && '--from/--to',
  ].filter((name) => name !== false);
  if (chosen.length > 1)
    throw wrongUsage('backfill', [{ pointer: chosen.join(' and '), detail: 'exclude each other' }]);
  if (missing === true) return { missing: true };
  if (keys !== undefined) {
    const manifest = await control.manifest();
    return { entities: await Promise.all(keys.map((key) => keysOf(manifest, typed.view, key))) };
  }
  if (from === undefined && to === undefined) return { all: true };
  if (from === undefined || to === undefined)
    throw wrongUsage('backfill', [{ pointer: from === undefined ? '--from' : '--to', detail: 'is missing' }]);
  return { event_time: { from, to } };
}

/** The join keys of an entity key as JSON; an unknown view is named by whoever queues the run. */
async function keysOf(manifest: Manifest, name: string, key: string): Promise<Record<string, JsonValue>> {
  const { encodeJsonValue, parseEntityKey, viewRef } = await import('@larder/features');
  const view = Object.values(manifest.feature_views).find(
    (candidate) => candidate.name === name || viewRef(candidate) === name,
  );
  const entity = view && manifest.entities[view.entity];
  if (!entity) return {};
  const values = parseEntityKey(entity, key);
  return Object.fromEntries(
    entity.join_keys.map((joinKey) => [joinKey.name, encodeJsonValue(joinKey, values[joinKey.name] ?? null)]),
  );
}
