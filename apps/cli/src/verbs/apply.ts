import { hostname, userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { migrate } from '@larder/offline-store';
import { applyManifest, planManifest, type Change } from '@larder/registry';
import { z } from 'zod';
import type { Output } from '../output/output.ts';
import { count, printChanges } from '../output/print-plan.ts';
import { DONE } from '../problem.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command
      .option(
        '--same-meaning',
        'declare that functions whose code changed return the same values; kept on record',
      )
      .option('-y, --yes', 'also apply changes that stop something served today, without asking')
      .addHelpText(
        'after',
        `
Migrates the control tables, creates history tables and assigns model versions. Running processes
follow within two seconds if only data changed; changed code requires a restart.

Example:
  larder apply`,
      );
  },
  input: z.object({ sameMeaning: z.boolean().optional(), yes: z.boolean().optional() }),
  async run({ out, project, offlineStore }, { sameMeaning = false, yes = false }) {
    const { manifest } = await project();
    const store = await offlineStore();
    await migrate(store);
    const { changes } = await planManifest(store, manifest);
    const confirmed = yes || (await isConfirmed(changes, out));
    const result = await applyManifest(store, manifest, {
      actor: actor(),
      sameMeaning,
      refuseDestructive: !confirmed,
    });
    out.answer(
      {
        project: manifest.project,
        manifest_id: result.manifestId,
        changes: result.changes,
        model_versions: result.modelVersions,
      },
      () => {
        printChanges(result.changes, out);
        const versions = Object.entries(result.modelVersions).map(
          ([model, version]) => `${model} ${version}`,
        );
        out.line(
          result.changes.length === 0
            ? `Nothing to apply: project ${manifest.project} is up to date.`
            : `Applied ${count(result.changes.length)} to project ${manifest.project} as manifest ${result.manifestId}.`,
        );
        if (versions.length > 0) out.line(`Model versions: ${versions.join(', ')}`);
      },
    );
    return DONE;
  },
});

/** Asks a person, where there is one, about what stops something. */
async function isConfirmed(changes: readonly Change[], out: Output): Promise<boolean> {
  const destructive = changes.filter((change) => change.destructive);
  const canAsk = out.interactive && process.stdin.isTTY && !out.json;
  if (destructive.length === 0 || !canAsk) return false;
  const lines = destructive.map(({ text }) => `  ${text}`).join('\n');
  out.note(`This stops something that is served or filled today:\n${lines}`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asking.question('Apply it? [y/N] ');
  asking.close();
  return /^y(es)?$/i.test(answer.trim());
}

function actor(): string {
  return `${userInfo().username}@${hostname()}`;
}
