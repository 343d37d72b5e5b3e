import { z } from 'zod';
import { printableCount } from '../output/printable.ts';
import { DONE } from '../problem.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command.argument('<folder>', 'what larder backup wrote').addHelpText(
      'after',
      `
Loads a backup into a database where its project is not applied. Every file is compared with its hash
before anything is written; the project is applied at the very end, in one transaction. Killed and run
again, it goes on. Start services and workers afterwards. A backup holds code that they run: load only
what you trust.

Examples:
  larder migrate && larder load /mnt/copies/2026-11-29 && larder restore`,
    );
  },
  input: z.object({ folder: z.string().min(1) }),
  async run({ out, signal, offlineStore, artifacts }, { folder }) {
    const { loadBackup } = await import('@larder/backup');
    const { contents, loaded } = await loadBackup(await offlineStore(), await artifacts(), {
      dir: folder,
      signal,
      onProgress: (text) => out.note(`Loading ${text}`),
    });
    const rows = contents.history.reduce((sum, file) => sum + file.rows, 0);
    const json = {
      project: contents.project,
      created_at: contents.created_at,
      artifacts: contents.artifacts.length,
      rows,
      files_loaded: loaded,
      files_loaded_before: contents.history.length - loaded,
    };
    out.answer(json, () => {
      out.line(
        `Project ${contents.project} of ${contents.created_at} is applied, with ${printableCount(rows)} rows of history.`,
      );
      out.note('Fill the online store with: larder restore');
    });
    return DONE;
  },
});
