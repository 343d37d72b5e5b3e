import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { LarderError } from '@larder/core';
import type { LoadedDefinitions, LoadedProject } from '@larder/features';
import { newestViewVersion, planProject, type PlannedProject } from '@larder/registry';
import { z } from 'zod';
import type { Output } from '../output/output.ts';
import { DONE, FAILED } from '../problem.ts';
import type { Session } from '../session.ts';
import { defineVerb } from '../verb.ts';
import { nextVersion, type NextVersion } from '../version/next-version.ts';
import { writeVersion } from '../version/write-version.ts';

export const verb = defineVerb({
  describe(command) {
    command
      .argument('<view>', 'view, such as ad_image')
      .option('--models', 'models and on-demand views of the file read the next version')
      .addHelpText(
        'after',
        `
Writes the next version of a view into larder.config.ts: it takes the view's export, and the old version
stays below it as a second export that everything keeps reading. A source constant that only this view
uses, and modules that only its computation imports by computeWith, are copied for the old version, so
that you can change the originals. Comments
and formatting stay. A definition that is not written as a plain literal, or in another file, is not
edited: the lines to write are shown, and the exit code is 1.

Examples:
  larder version ad_image
  larder version ad_image --models`,
      );
  },
  input: z.object({ view: z.string(), models: z.boolean().optional() }),
  async run(session, { view, models = false }) {
    const { config, out } = session;
    const definitions = await session.definitions();
    const oldVersion = newestDefined(definitions, view);
    await refuseChanged(session, `${view}@${oldVersion}`);
    const version = Math.max(oldVersion, (await applied(session, definitions.name, view)) ?? 0) + 1;
    const next = nextVersion(await readFile(config.projectPath, 'utf8'), {
      view,
      version,
      moveModels: models,
    });
    if ('problem' in next) {
      const file = basename(config.projectPath);
      const lines = byHand({ view, version, oldVersion });
      out.answer({ view, version, old_version: oldVersion, files: [], problem: next.problem, lines }, () => {
        out.line(`${file} was not changed: ${next.problem}. By hand:`);
        for (const line of lines) out.line(`  ${line}`);
      });
      return FAILED;
    }
    const files = await writeVersion(config.projectPath, next);
    out.answer({ view, version, old_version: oldVersion, files, problem: null, lines: [] }, () =>
      printWritten({ view, version, next, files, models }, out),
    );
    return DONE;
  },
});

/** @throws VIEW_NOT_FOUND */
function newestDefined({ featureViews, onDemandFeatureViews }: LoadedDefinitions, name: string): number {
  const versions = [...featureViews.values()]
    .filter((view) => view.name === name)
    .map(({ version }) => version);
  if (versions.length > 0) return Math.max(...versions);
  if (onDemandFeatureViews.has(name))
    throw new LarderError(
      'VIEW_NOT_FOUND',
      `${name} is an on-demand feature view, which has no versions: change it, train the models that read it again, and apply both.`,
    );
  const names = [...new Set([...featureViews.values()].map((view) => view.name))].join(', ') || 'none';
  throw new LarderError('VIEW_NOT_FOUND', `There is no feature view '${name}'; defined are: ${names}.`);
}

/** The old version must stay as it is applied. Says nothing while the database cannot be asked. @throws VIEW_VERSION_IMMUTABLE */
async function refuseChanged(session: Session, ref: string): Promise<void> {
  if (session.config.databaseUrl === null) return;
  const project = await session.project();
  const planned = await plan(session, project).catch(() => null);
  const refusal = planned?.plan.refusals.find(({ subject }) => subject === `view ${ref}`);
  if (refusal === undefined) return;
  throw new LarderError(
    refusal.code,
    `${ref} was changed since it was applied, so that it cannot stay as the old version. Undo the change, run this again, and change the new version then.\n${refusal.message}`,
  );
}

async function plan({ offlineStore, artifacts }: Session, project: LoadedProject): Promise<PlannedProject> {
  return planProject({ store: await offlineStore(), artifacts: await artifacts() }, project);
}

/** Numbers of removed versions stay taken. Null: none was applied, or the database cannot be asked. */
async function applied(
  { config, offlineStore }: Session,
  project: string,
  view: string,
): Promise<number | null> {
  if (config.databaseUrl === null) return null;
  return newestViewVersion(await offlineStore(), project, view).catch(() => null);
}

interface Bump {
  readonly view: string;
  readonly version: number;
}

function byHand({ view, version, oldVersion }: Bump & { readonly oldVersion: number }): string[] {
  return [
    `1. Copy the definition of ${view}, and export the copy under another name. It keeps version: ${oldVersion}.`,
    `2. In the original, write version: ${version}, and change what you want to change.`,
    '3. If it computes with a module of your own, or its source is a constant, copy that too: each version needs its own.',
    '4. Let models, on-demand views and sources that name the original name the copy, until the new version is filled.',
  ];
}

interface Written extends Bump {
  readonly next: NextVersion;
  readonly files: readonly string[];
  readonly models: boolean;
}

function printWritten({ view, version, next, files, models }: Written, out: Output): void {
  const { style } = out;
  const [config, ...copies] = files;
  out.line(
    `${style.bold(`${view}@${version}`)} is ${next.name} in ${config}; ${view}@${next.oldVersion} stays as ${next.oldName}.`,
  );
  for (const copy of copies)
    out.line(`  ${copy} is the module of version ${next.oldVersion}: change the original.`);
  if (next.source !== null)
    out.line(
      `  ${next.source.oldName} is the source of version ${next.oldVersion}: change ${next.source.name}.`,
    );
  if (next.sharedSource !== null)
    out.line(
      `  ${next.sharedSource} is the source of version ${next.oldVersion} too, and must stay as it is. To change it, copy it under another name, and write
  source: that name in ${next.name}${next.modules.length > 0 ? ', and import its type in the computation' : ''}.`,
    );
  out.line(`Next:
  change ${next.name}, then   larder plan
  fill it                 larder apply --backfill`);
  if (models) out.line(`  train the models that read it again: they read version ${version} now`);
  else
    out.line(
      `  move the models         write ${next.name} instead of ${next.oldName}, train them, larder apply`,
    );
  out.line(`  at last                 remove ${next.oldName}, larder apply --prune`);
}
