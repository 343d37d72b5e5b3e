import type { FeatureViewManifest, Manifest } from '@larder/features';
import {
  keepErased,
  loggedKeysOfHashes,
  lostErasures,
  projectKeyHasher,
  readNewestRowsPage,
  tiledEntityKeys,
  windowedViewsOf,
  type OfflineStore,
  type RememberedErasure,
} from '@larder/offline-store';
import { compileRowPacker } from '../restore/pack-rows.ts';
import { forgetEntity, type ForgetDeps } from './forget-entity.ts';

export interface ReplayErasures {
  readonly manifest: Manifest;
  readonly remembered: readonly RememberedErasure[];
  readonly actor: string;
  readonly reason: string;
}

export interface ReplayedErasures {
  /** Erasures that the database did not know. */
  readonly lost: number;
  /** Keys that had come back, and were erased again. */
  readonly erased: number;
}

const PAGE_KEYS = 5_000;

/**
 * Erases again what came back with an older PostgreSQL. First it keeps all of them from being written, then it looks for keys
 * with their hashes in history, events, labels and predictions, and erases those everywhere. Safe to repeat.
 */
export async function replayErasures(
  deps: ForgetDeps,
  { manifest, remembered, actor, reason }: ReplayErasures,
): Promise<ReplayedErasures> {
  const { offlineStore: store } = deps;
  const { project } = manifest;
  const lost = oncePerKey(await lostErasures(store, project, remembered));
  if (lost.length === 0) return { lost: 0, erased: 0 };
  const entities = Object.keys(manifest.entities);
  // Found before they are kept: a process that dies in between is followed by one that finds them lost again.
  const found: { readonly entity: string; readonly key: string }[] = [];
  for (const entity of entities) {
    const hashes = lost
      .filter((each) => each.entity === null || each.entity === entity)
      .map(({ keyHash }) => keyHash);
    if (hashes.length === 0) continue;
    for (const key of await keysWithHashes(store, { manifest, entity, hashes })) found.push({ entity, key });
  }
  for (const { entity, key } of found) await forgetEntity(deps, { manifest, entity, key, actor, reason });
  await keepErased(store, await lostErasures(store, project, lost), { project, entities, actor, reason });
  return { lost: lost.length, erased: found.length };
}

/** Redis and a receipt may remember the same erasure: one knows the slot, the other the entity. */
function oncePerKey(lost: readonly RememberedErasure[]): RememberedErasure[] {
  const byHash = new Map<string, RememberedErasure>();
  for (const each of lost) {
    const hash = each.keyHash.toString('hex');
    const other = byHash.get(hash);
    byHash.set(hash, {
      ...each,
      entity: each.entity ?? other?.entity ?? null,
      slot: each.slot ?? other?.slot ?? null,
    });
  }
  return [...byHash.values()];
}

async function keysWithHashes(
  store: OfflineStore,
  {
    manifest,
    entity,
    hashes,
  }: { readonly manifest: Manifest; readonly entity: string; readonly hashes: readonly Buffer[] },
): Promise<ReadonlySet<string>> {
  const wanted = new Set(hashes.map((hash) => hash.toString('hex')));
  const hashOf = await projectKeyHasher(store, manifest.project);
  const found = new Set(await loggedKeysOfHashes(store, manifest.project, { entity, hashes }));
  const look = (keys: readonly string[]): void => {
    for (const key of keys) if (wanted.has(hashOf(entity, key).toString('hex'))) found.add(key);
  };
  for (const view of Object.values(manifest.feature_views))
    if (view.entity === entity && view.windowed === undefined)
      for await (const keys of keysOfHistory(store, manifest, view)) look(keys);
  for (const source of Object.values(manifest.event_sources ?? {}))
    for (const view of await windowedViewsOf(store, manifest.project, source)) {
      if (view.manifest.entity !== entity) continue;
      for (let after: string | null = null; ;) {
        const keys: string[] = await tiledEntityKeys(store, view, { after, limit: PAGE_KEYS });
        look(keys);
        if (keys.length < PAGE_KEYS) break;
        after = keys.at(-1) as string;
      }
    }
  return found;
}

async function* keysOfHistory(
  store: OfflineStore,
  project: Manifest,
  view: FeatureViewManifest,
): AsyncGenerator<readonly string[]> {
  const pack = compileRowPacker(project, view);
  for (let after: readonly string[] | null = null; ;) {
    const page = pack(
      await readNewestRowsPage(store, {
        project,
        view,
        after,
        limit: PAGE_KEYS,
        notBeforeMs: null,
        landedSince: null,
      }),
    );
    yield page.entityKeys;
    if (page.lastKeys === null || page.entityKeys.length < PAGE_KEYS) return;
    after = page.lastKeys;
  }
}
