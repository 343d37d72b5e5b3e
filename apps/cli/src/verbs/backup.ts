import type { ChosenHistory } from '@larder/backup';
import { shellWord } from '@larder/core';
import { viewRef, type Manifest } from '@larder/features';
import { z } from 'zod';
import { printableBytes, printableCount } from '../output/printable.ts';
import { DONE } from '../problem.ts';
import { chosenViews } from '../restore/chosen-views.ts';
import { defineVerb, wrongUsage } from '../verb.ts';

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-11');

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<folder>', 'an empty folder, or one to create')
      .option('--history [views...]', 'also history: of these views, such as ad_image@1 [every applied one]')
      .option('--from <month>', 'with --history: from this month of event timestamps, such as 2026-09 (UTC)')
      .option('--to <month>', 'with --history: up to this month, inclusive')
      .addHelpText(
        'after',
        `
Writes a copy of the project for another environment: definitions, model versions, aliases, receipts
and tombstones of erasures, artifacts by hash, and the chosen history as Parquet; larder load reads it.
All tables are of one moment. Runs, the prediction log, labels, API keys and the audit stay, and so do
events with their windows, which are numbered by where they arrived: backfill them there.
Against disasters, back up PostgreSQL itself.

Examples:
  larder backup /mnt/copies/2026-11-29
  larder backup copy --history ad_image ad_text@2 --from 2026-09
  larder backup everything --history`,
      );
  },
  input: z.object({
    folder: z.string().min(1),
    history: z.union([z.literal(true), z.array(z.string())]).optional(),
    from: month.optional(),
    to: month.optional(),
  }),
  async run(session, { folder: dir, history, from, to }) {
    if (history === undefined && (from !== undefined || to !== undefined))
      throw wrongUsage('backup', [{ pointer: '--from and --to', detail: 'need --history' }]);
    if (from !== undefined && to !== undefined && from > to)
      throw wrongUsage('backup', [{ pointer: '--from', detail: 'must not be after --to' }]);
    const { out, signal } = session;
    const { writeBackup } = await import('@larder/backup');
    const [store, artifacts, project] = await Promise.all([
      session.offlineStore(),
      session.artifacts(),
      session.projectName(),
    ]);
    const choose = (manifest: Manifest): ChosenHistory => ({
      views: history === undefined ? [] : chosenViews(manifest, history === true ? [] : history),
      from: from ?? null,
      to: to ?? null,
    });
    const { folder, contents, eventSources } = await writeBackup(store, artifacts, {
      project,
      dir,
      history: choose,
      signal,
    });
    const { history: files } = contents;
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const sizeBytes = contents.files.reduce((sum, file) => sum + file.size_bytes, 0);
    const json = {
      folder,
      project,
      files: contents.files.length,
      size_bytes: sizeBytes,
      artifacts: contents.artifacts.length,
      history: files.map(({ view: name, version, month: of, rows: count }) => ({
        view: viewRef({ name, version }),
        month: of,
        rows: count,
      })),
      events_left_out: eventSources,
    };
    out.answer(json, () => {
      out.line(
        `Project ${project}: ${printableCount(contents.files.length)} files, ${printableBytes(sizeBytes)}, ${printableCount(rows)} rows of history.`,
      );
      if (eventSources.length > 0)
        out.note(
          `Not in the copy: events of ${eventSources.join(', ')}, which are numbered by where they arrived. Their windows are empty after a load, until events are pushed or backfilled there.`,
        );
      out.note(`Load it into another environment with: larder load ${shellWord(folder)}`);
    });
    return DONE;
  },
});
