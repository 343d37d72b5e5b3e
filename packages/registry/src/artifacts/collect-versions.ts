import type { OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { CHAMPION } from '../aliases/alias-state.ts';
import { readAliases } from '../aliases/read-aliases.ts';
import { readModelVersions, type ModelVersion } from '../model-versions/read-model-versions.ts';
import type { RegistryStore } from '../registry-store.ts';
import { bumpRevisionIn } from '../revision/revision.ts';

export interface CollectVersionsOptions {
  readonly project: string;
  /** Newest versions of each model that keep their content, whatever points to them. */
  readonly versionsKept: number;
}

/** Champions before the present one that a rollback may go to. */
const CHAMPIONS_KEPT = 3;

/**
 * Gives up the content of model versions that nothing needs: they stay on record with `collected_at`. Runs one after
 * another with moves of aliases, which see it. @returns how many versions
 */
export async function collectVersions(store: OfflineStore, options: CollectVersionsOptions): Promise<number> {
  // Most turns find nothing, and must not tell every process to read the registry again.
  if ((await unneeded(store, options)).length === 0) return 0;
  return store.transaction(async (tx) => {
    await bumpRevisionIn(tx, options.project);
    const versions = await unneeded(tx, options);
    for (const { model, version } of versions)
      await tx.db
        .updateTable('larder.model_versions')
        .set({ collected_at: sql<Date>`now()` })
        .where('project', '=', options.project)
        .where('model', '=', model)
        .where('version', '=', version)
        .execute();
    return versions.length;
  });
}

async function unneeded(
  store: RegistryStore,
  { project, versionsKept }: CollectVersionsOptions,
): Promise<ModelVersion[]> {
  const versions = await readModelVersions(store, project);
  const aliases = await readAliases(store, project);
  return [...Map.groupBy(versions, ({ model }) => model)].flatMap(([model, own]) => {
    const newestFirst = own.toSorted((a, b) => b.version - a.version);
    const complete = newestFirst.find(({ completeAt, bad }) => completeAt !== null && bad === null);
    const pointedTo = aliases
      .filter((alias) => alias.model === model)
      .flatMap(({ alias, version, earlier }) =>
        [version].concat(alias === CHAMPION ? earlier.slice(0, CHAMPIONS_KEPT) : []),
      );
    const kept = new Set([...pointedTo, complete?.version]);
    return newestFirst
      .slice(versionsKept)
      .filter(({ version, collectedAt }) => collectedAt === null && !kept.has(version));
  });
}
