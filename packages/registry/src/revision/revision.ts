import type { RegistryStore } from '../registry-store.ts';

/**
 * Tells every process of the project to read the registry again. Every transaction that changes the registry calls this
 * or `lockRevisionIn` before it reads: the row stays locked until the commit, so that such transactions of one project run one after another,
 * and a higher revision is never visible before a lower one. Apply takes the lock of `larder.manifests` first.
 */
export async function bumpRevisionIn(tx: RegistryStore, project: string): Promise<number> {
  const { revision } = await tx.db
    .insertInto('larder.registry_revisions')
    .values({ project, revision: 1 })
    .onConflict((conflict) =>
      conflict
        .column('project')
        .doUpdateSet((eb) => ({ revision: eb('larder.registry_revisions.revision', '+', 1) })),
    )
    .returning('revision')
    .executeTakeFirstOrThrow();
  return revision;
}

/**
 * Waits as `bumpRevisionIn` does and keeps the row until the commit, but tells nobody: for a transaction that learns only
 * after reading whether it changes anything.
 */
export async function lockRevisionIn(tx: RegistryStore, project: string): Promise<void> {
  await tx.db
    .insertInto('larder.registry_revisions')
    .values({ project, revision: 0 })
    .onConflict((conflict) =>
      conflict
        .column('project')
        .doUpdateSet((eb) => ({ revision: eb.ref('larder.registry_revisions.revision') })),
    )
    .execute();
}

/** State of a registry; any change gives another one. */
export interface RegistryRevision {
  /** The newest applied manifest; null before the first apply. Releases that bump no revision move only this. */
  readonly manifestId: number | null;
  /** 0: nothing has bumped it yet. */
  readonly revision: number;
}

/** Two index lookups, cheap enough to repeat several times a second. */
export async function readRevision(store: RegistryStore, project: string): Promise<RegistryRevision> {
  const row = await store.db
    .selectNoFrom((eb) => [
      eb
        .selectFrom('larder.manifests')
        .select((manifests) => manifests.fn.max('id').as('id'))
        .where('project', '=', project)
        .as('manifestId'),
      eb
        .selectFrom('larder.registry_revisions')
        .select('revision')
        .where('project', '=', project)
        .as('revision'),
    ])
    .executeTakeFirstOrThrow();
  return { manifestId: row.manifestId, revision: row.revision ?? 0 };
}
