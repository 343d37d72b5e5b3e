import {
  listProcesses,
  processJson,
  readersOf,
  workersOf,
  type LivingProcess,
  type OfflineStore,
} from '@larder/offline-store';
import { newestModelVersions } from '@larder/registry';
import { z } from 'zod';
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
  async run({ out, projectName, offlineStore }, { computes, reads }) {
    const name = await projectName();
    const store = await offlineStore();
    const processes = await chosen(store, name, { computes, reads });
    const applied = out.json ? new Map() : await appliedVersions(store, name, processes);
    out.answer({ processes: processes.map(processJson) }, () => {
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
  readonly computes: string | undefined;
  readonly reads: string | undefined;
}

/** With both, workers by the one and inference processes by the other. */
async function chosen(
  store: OfflineStore,
  project: string,
  { computes, reads }: Choice,
): Promise<LivingProcess[]> {
  if (computes === undefined && reads === undefined) return listProcesses(store, project);
  const [, view = '', version] = REFERENCE.exec(computes ?? '') ?? [];
  const found = await Promise.all([
    version === undefined ? [] : workersOf(store, project, { view, version: Number(version) }),
    reads === undefined ? [] : readersOf(store, project, reads),
  ]);
  return found.flat();
}

/** Empty when every process serves its models as they are applied. */
async function appliedVersions(
  store: OfflineStore,
  project: string,
  processes: readonly LivingProcess[],
): Promise<AppliedVersions> {
  if (processes.every(({ models }) => models.every(({ ready }) => ready))) return new Map();
  const versions = await newestModelVersions(store, project);
  return new Map([...versions].map(([model, { version }]) => [model, version]));
}
