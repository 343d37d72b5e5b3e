import { parseManifest, type Manifest } from '@larder/features';
import type { RegistryStore } from '../registry-store.ts';

export interface AppliedManifest {
  /** Grows with every apply. */
  readonly id: number;
  readonly manifest: Manifest;
  readonly actor: string;
  readonly appliedAt: Date;
}

/** The newest applied manifest of a project; null before the first apply. */
export async function appliedManifest(
  store: RegistryStore,
  project: string,
): Promise<AppliedManifest | null> {
  const row = await store.db
    .selectFrom('larder.manifests')
    .select(['id', 'manifest', 'actor', 'applied_at'])
    .where('project', '=', project)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row
    ? { id: row.id, manifest: parseManifest(row.manifest), actor: row.actor, appliedAt: row.applied_at }
    : null;
}

/** A manifest that was applied at some time. */
export async function manifestById(store: RegistryStore, id: number): Promise<Manifest | null> {
  const row = await store.db
    .selectFrom('larder.manifests')
    .select('manifest')
    .where('id', '=', id)
    .executeTakeFirst();
  return row ? parseManifest(row.manifest) : null;
}

/** Names of the projects that something was applied for. */
export async function appliedProjects(store: RegistryStore): Promise<string[]> {
  const rows = await store.db
    .selectFrom('larder.manifests')
    .select('project')
    .distinct()
    .orderBy('project')
    .execute();
  return rows.map(({ project }) => project);
}

/** Only the id of what is applied: one index lookup, cheap enough to ask every second. */
export async function appliedId(store: RegistryStore, project: string): Promise<number | null> {
  const row = await store.db
    .selectFrom('larder.manifests')
    .select('id')
    .where('project', '=', project)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? null;
}
