import type { RegistryStore } from '../registry-store.ts';

/** Where the applied manifest comes from. */
export interface Lineage {
  /** Digest of the configuration that was applied last; null: applied by a release that kept none. */
  readonly digest: string | null;
  /** Subjects that are applied, but were not in the configuration. */
  readonly retained: readonly string[];
  /** The newest manifest before the applied one whose configuration was the same as the one in question. */
  readonly earlier: { readonly id: number; readonly actor: string; readonly appliedAt: Date } | null;
}

export const NO_LINEAGE: Lineage = { digest: null, retained: [], earlier: null };

/** @param digest of the configuration in question */
export async function readLineage(
  store: RegistryStore,
  { appliedId, project, digest }: { appliedId: number; project: string; digest: string },
): Promise<Lineage> {
  const applied = await store.db
    .selectFrom('larder.manifests')
    .select(['digest', 'retained'])
    .where('id', '=', appliedId)
    .executeTakeFirstOrThrow();
  const earlier = await store.db
    .selectFrom('larder.manifests')
    .select(['id', 'actor', 'applied_at'])
    .where('project', '=', project)
    .where('digest', '=', digest)
    .where('id', '<', appliedId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return {
    digest: applied.digest,
    retained: applied.retained,
    earlier: earlier ? { id: earlier.id, actor: earlier.actor, appliedAt: earlier.applied_at } : null,
  };
}
