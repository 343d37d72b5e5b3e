import {
  listProcesses,
  processJson,
  readersOf,
  workersOf,
  type LivingProcess,
  type OfflineStore,
} from '@larder/offline-store';
import { z } from 'zod';
import { printProcesses } from '../output/print-processes.ts';
import { DONE } from '../problem.ts';
import { defineVerb } from '../verb.ts';

const REFERENCE = /^([a-z][a-z0-9_]{0,39})@([1-9]\d{0,8})$/;

export const verb = defineVerb({
  describe(command) {
    command
      .option('--computes <view>', 'only workers that have the code of this view version: ad_image@1')
      .option(
        '--reads <view>',
        'only inference processes with a model that reads this view version: ad_image@1',
      )
      .addHelpText(
        'after',
        `
A process that exits leaves the list at once; one that dies, after 20 seconds.

Examples:
  larder ps
  larder ps --reads ad_image@1     does anything still read version 1?`,
      );
  },
  input: z.object({
    computes: z.string().regex(REFERENCE, 'must be a view with its version, such as ad_image@1').optional(),
    reads: z.string().regex(REFERENCE, 'must be a view with its version, such as ad_image@1').optional(),
  }),
  async run({ out, definitions, offlineStore }, { computes, reads }) {
    const { name } = await definitions();
    const processes = await chosen(await offlineStore(), name, { computes, reads });
    out.answer({ processes: processes.map(processJson) }, () => {
      if (computes === undefined && reads === undefined) printProcesses(processes, out);
      else if (processes.length === 0)
        out.line(
          computes === undefined ? `No process reads ${reads}.` : `No worker has the code of ${computes}.`,
        );
      else printProcesses(processes, out);
    });
    return DONE;
  },
});

interface Choice {
  readonly computes: string | undefined;
  readonly reads: string | undefined;
}

async function chosen(
  store: OfflineStore,
  project: string,
  { computes, reads }: Choice,
): Promise<LivingProcess[]> {
  if (reads !== undefined) return readersOf(store, project, reads);
  const [, view = '', version] = REFERENCE.exec(computes ?? '') ?? [];
  return version === undefined
    ? listProcesses(store, project)
    : workersOf(store, project, { view, version: Number(version) });
}
