import { z } from 'zod';
import type { Control, ListedProcess } from '../control/control.ts';
import { printAbsentRoles, printProcesses, type AppliedVersions } from '../output/print-processes.ts';
import { DONE } from '../problem.ts';
import { defineVerb } from '../verb.ts';

const REFERENCE = /^([a-z][a-z0-9_]{0,39})@([1-9]\d{0,8})$/;

export const verb = defineVerb({
  byName: true,
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
  async run({ out, control }, choice) {
    const { computes, reads } = choice;
    const asked = await control();
    const processes = chosen(await (await asked.fleet()).processes(), choice);
    const applied = out.json ? new Map<string, number>() : await appliedVersions(asked, processes);
    out.answer({ processes }, () => {
      printProcesses(processes, applied, out);
      if (computes === undefined && reads === undefined) printAbsentRoles(processes, out);
      if (computes !== undefined && !processes.some(({ role }) => role === 'worker'))
        out.line(`No worker has the code of ${computes}.`);
      if (reads !== undefined && !processes.some(({ role }) => role === 'inference'))
        out.line(`No inference process reads ${reads}.`);
    });
    return DONE;
  },
});

interface Choice {
  readonly computes?: string | undefined;
  readonly reads?: string | undefined;
}

/** With both, workers by the one and inference processes by the other. */
function chosen(processes: readonly ListedProcess[], { computes, reads }: Choice): ListedProcess[] {
  if (computes === undefined && reads === undefined) return [...processes];
  return processes.filter(
    ({ views, models }) =>
      views.some(({ ref }) => ref === computes) ||
      models.some((model) => reads !== undefined && model.reads.includes(reads)),
  );
}

/** Empty when every process serves its models as they are applied. */
async function appliedVersions(
  control: Control,
  processes: readonly ListedProcess[],
): Promise<AppliedVersions> {
  if (processes.every(({ models }) => models.every(({ ready }) => ready))) return new Map();
  const records = await (await control.models()).records();
  return new Map(records.map(({ model, newest }) => [model, newest]));
}
