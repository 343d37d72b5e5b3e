import { resolve } from 'node:path';
import { archiveView, openArchive, openDuckdb, type ArchivedResult } from '@larder/archive';
import { LarderError } from '@larder/core';
import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { z } from 'zod';
import { printableBytes, printableCount } from '../output/printable.ts';
import { table } from '../output/table.ts';
import { DONE, FAILED } from '../problem.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('[views...]', 'only these views, such as ad_image or ad_image@1 [all that are applied]')
      .option('--dir <folder>', 'folder of the archive [LARDER_ARCHIVE_DIR or .larder/archive]')
      .option('--rewrite', 'write every file again')
      .addHelpText(
        'after',
        `
Writes history as Parquet files that DuckDB, Polars, pandas and Spark read as they are:
FOLDER/PROJECT/VIEW_vVERSION/month=2026-11/*.parquet. The first time writes everything, later runs
only what landed since and is confirmed online. It may be killed at any point and run again. Run it
every night, and before a large training set.

Examples:
  larder archive
  larder archive ad_image ad_text@2 --dir /mnt/archive`,
      );
  },
  input: z.object({
    views: z.array(z.string()).default([]),
    dir: z.string().min(1).optional(),
    rewrite: z.boolean().default(false),
  }),
  async run({ out, config, signal, manifest, offlineStore }, { views, dir, rewrite }) {
    const applied = await manifest();
    const chosen = chosenViews(applied, views);
    const store = await offlineStore();
    const archive = await openArchive(
      store,
      dir === undefined ? config.archiveDir : resolve(dir),
      applied.project,
    );
    const duckdb = await openDuckdb({ folders: [archive.folder], signal });
    const results: ArchivedResult[] = [];
    try {
      for (const view of chosen)
        results.push(await archiveView(store, { project: applied, view, archive, duckdb, rewrite, signal }));
    } finally {
      await duckdb.close();
    }
    const json = results.map(({ ref, status, rows, rewritten, position, files, sizeBytes }) => ({
      ref,
      status,
      rows,
      rewritten,
      position,
      files,
      size_bytes: sizeBytes,
    }));
    out.answer({ folder: archive.folder, views: json }, () => {
      for (const line of lines(results)) out.line(line);
      for (const { ref, rewritten } of results)
        if (rewritten !== null && rewritten !== FIRST_TIME)
          out.note(`${ref} was written again: ${rewritten}.`);
      out.note(`Archive: ${archive.folder}`);
    });
    return results.some(({ status }) => status === 'busy') ? FAILED : DONE;
  },
});

const FIRST_TIME = 'nothing was archived';
const STATUS = {
  archived: 'archived',
  current: 'nothing new',
  busy: 'another process is archiving it',
} as const;

function lines(results: readonly ArchivedResult[]): string[] {
  return table(
    [
      { title: 'VIEW' },
      { title: 'NEW ROWS', align: 'right' },
      { title: 'FILES', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: '' },
    ],
    results.map(({ ref, status, rows, files, sizeBytes }) => [
      ref,
      status === 'busy' ? '' : printableCount(rows),
      status === 'busy' ? '' : printableCount(files),
      status === 'busy' ? '' : printableBytes(sizeBytes),
      STATUS[status],
    ]),
  );
}

/** A name means every version of the view; windowed views have no rows. @throws VIEW_NOT_FOUND, REQUEST_INVALID */
function chosenViews(manifest: Manifest, names: readonly string[]): FeatureViewManifest[] {
  const all = Object.values(manifest.feature_views);
  const views = all.filter(({ windowed }) => windowed === undefined);
  if (names.length === 0) return views;
  const chosen = names.flatMap((name) => {
    const found = views.filter((view) => (name.includes('@') ? viewRef(view) === name : view.name === name));
    if (found.length > 0) return found;
    if (all.some((view) => view.name === name || viewRef(view) === name))
      throw new LarderError(
        'REQUEST_INVALID',
        `'${name}' is a windowed view. It is computed from events, which archives do not hold: training sets read them from PostgreSQL.`,
      );
    throw new LarderError(
      'VIEW_NOT_FOUND',
      `There is no feature view '${name}'; there are: ${views.map(viewRef).join(', ') || 'none'}.`,
    );
  });
  return [...new Set(chosen)];
}
