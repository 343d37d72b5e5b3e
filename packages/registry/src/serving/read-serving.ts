import { sql } from 'kysely';
import type { OfflineStore } from '@larder/offline-store';
import { aliasStates, type AliasState } from '../aliases/alias-state.ts';
import { readDecidingMoves } from '../aliases/read-aliases.ts';
import { appliedManifest, type AppliedManifest } from '../applied/applied-manifest.ts';
import { readModelVersions, type ModelVersion } from '../model-versions/read-model-versions.ts';
import type { RegistryStore } from '../registry-store.ts';
import { readRevision, type RegistryRevision } from '../revision/revision.ts';

/** What a service needs of the registry to know what to serve, as of one moment. Contents are read one by one: they are large. */
export interface ServingState {
  readonly revision: RegistryRevision;
  /** Null before the first apply. */
  readonly applied: AppliedManifest | null;
  /** Every model that ever had a version, by name. */
  readonly models: ReadonlyMap<string, ServableModel>;
}

export interface ServableModel {
  /** Every version on record. */
  readonly versions: ReadonlyMap<number, ServableVersion>;
  readonly aliases: readonly AliasState[];
}

export interface ServableVersion extends ModelVersion {
  /** Changes with the content; null: none is published. */
  readonly contentDigest: string | null;
}

/** Reads the registry in one snapshot: no alias points to a version that is not in it. */
export function readServing(store: OfflineStore, project: string): Promise<ServingState> {
  return store.transaction(async (tx) => {
    await tx.client.query('set transaction isolation level repeatable read read only');
    const revision = await readRevision(tx, project);
    const applied = await appliedManifest(tx, project);
    const digests = await contentDigests(tx, project);
    const models = new Map<string, { versions: Map<number, ServableVersion>; aliases: AliasState[] }>();
    const versions = await readModelVersions(tx, project);
    for (const version of versions) {
      const contentDigest = digests.get(`${version.model}@${version.version}`) ?? null;
      const record = models.get(version.model) ?? { versions: new Map(), aliases: [] };
      record.versions.set(version.version, { ...version, contentDigest });
      models.set(version.model, record);
    }
    for (const alias of aliasStates(versions, await readDecidingMoves(tx, project)))
      models.get(alias.model)?.aliases.push(alias);
    return { revision, applied, models };
  });
}

/** Of contents that may be loaded: those that were given up are most of a long history. */
async function contentDigests(store: RegistryStore, project: string): Promise<Map<string, string | null>> {
  const rows = await store.db
    .selectFrom('larder.model_versions')
    .select(['model', 'version', sql<string | null>`md5(content::text)`.as('digest')])
    .where('project', '=', project)
    .where('collected_at', 'is', null)
    .execute();
  return new Map(rows.map(({ model, version, digest }) => [`${model}@${version}`, digest]));
}
