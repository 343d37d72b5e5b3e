import { instant, isLarderError, shellWord } from '@larder/core';
import { pendingMigrations } from '@larder/offline-store';
import type { LoadedProject } from '@larder/features';
import { planProject } from '@larder/registry';
import { computingProject, replacedText, restore, type ComputingProject } from '../computing-project.ts';
import { tryModel } from '../models/try-model.ts';
import { realChanges } from '../output/print-plan.ts';
import type { Session } from '../session.ts';
import { checkComputations } from './check-computations.ts';
import { checkSources } from './check-sources.ts';
import { fail, finding, ok, warn, type Finding } from './check.ts';

/** Checks the project: that it loads, that it is applied, its artifacts and its sources. */
export async function checkProject(session: Session): Promise<Finding[]> {
  const { projectPath } = session.config;
  let computing: ComputingProject | null = null;
  const loads = await finding(
    'project',
    'Fix what the message names, in larder.config.ts or a module that it imports.',
    async () => {
      computing = await computingProject(session);
      const { project } = computing;
      const { feature_views: views, models } = project.manifest;
      const counts = `${count(Object.keys(views).length, 'view')}, ${count(Object.keys(models).length, 'model')}`;
      return ok('project', `${project.name} loads from ${shellWord(projectPath)}: ${counts}`);
    },
  );
  const loaded = computing as ComputingProject | null;
  if (loaded === null) return [loads];
  const { project } = loaded;
  const others = await Promise.all([
    checkApplied(session, project),
    ...Object.keys(project.manifest.models).map((model) => checkModel(loaded, model)),
    checkComputations(loaded),
    checkSources(session, project),
  ]);
  return [loads, ...others.flat()];
}

function checkApplied(
  { config, offlineStore, artifacts }: Session,
  project: LoadedProject,
): Promise<Finding> {
  const check = 'applied';
  return finding(check, 'Fix the check of the database first.', async () => {
    if (config.databaseUrl === null)
      return warn(check, 'unknown without a database', 'Run larder up, or set LARDER_DATABASE_URL.');
    const store = await offlineStore();
    if ((await pendingMigrations(store)).length > 0)
      return warn(check, 'the database is not migrated', 'Run: larder migrate');
    const { plan } = await planProject({ store, artifacts: await artifacts() }, project);
    const { appliedId, applied, changes, older, refusals } = plan;
    if (older.length > 0 && applied !== null && changes.length + refusals.length > 0)
      return warn(
        check,
        `larder.config.ts looks older than manifest ${appliedId}, which ${applied.actor} applied on ${instant(applied.appliedAt)}: ${older.map(({ text }) => text).join('; ')}`,
        'Update the files (git pull); larder plan shows the differences.',
      );
    if (refusals.length > 0)
      return fail(check, refusals.map(({ message }) => message).join(' '), 'See: larder plan');
    if (appliedId === null) return warn(check, 'nothing is applied yet', 'Run: larder apply');
    const real = realChanges(changes);
    if (real === 0) return ok(check, `manifest ${appliedId} matches larder.config.ts`);
    return warn(
      check,
      `larder.config.ts differs from manifest ${appliedId} in ${count(real, 'change')}`,
      'See larder plan, then run larder apply.',
    );
  });
}

/** Checks content, signature and golden rows with this machine's ONNX Runtime. */
function checkModel({ project, modelFolder, replacedOf }: ComputingProject, name: string): Promise<Finding> {
  const check = `model ${name}`;
  const { path } = project.manifest.models[name]?.artifact ?? { path: '' };
  return finding(
    check,
    `Write ${shellWord(path)} again with the training script, then: larder apply`,
    async () => {
      try {
        const { oneRowMs, placement } = await tryModel(project, name, await modelFolder(name));
        const micros = (oneRowMs * 1_000).toFixed(0);
        const detail = `loads, reproduces its golden rows, ${micros} µs per row (${placement})`;
        const replaced = replacedOf(name);
        if (replaced.length === 0) return ok(check, detail);
        return warn(check, `${detail}: ${replaced.map(replacedText).join('; ')} is used`, restore(replaced));
      } catch (error) {
        if (!isLarderError(error) || error.code !== 'MODEL_SIGNATURE_MISMATCH') throw error;
        const mend = `In larder.config.ts, list the features of the file in model('${name}'), in the order of the file; or train the model in the order of the definition and write ${shellWord(path)} again.`;
        return fail(check, `${error.code}: ${error.message}`, mend);
      }
    },
  );
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
