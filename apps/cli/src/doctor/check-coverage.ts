import { pendingMigrations, sampleHistory, type OfflineStore } from '@larder/offline-store';
import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { entityKeyOfTexts, type OnlineStore } from '@larder/online-store';
import { appliedManifest } from '@larder/registry';
import type { Session } from '../session.ts';
import { ok, warn, type Finding } from './check.ts';

const SAMPLE = 200;
/** Rows that are on their way, and some that were erased, are no fault. */
const ENOUGH = 0.98;

/**
 * Compares the online store with history, view by view, in a sample of rows within their TTL. Silent where another check
 * says why a store cannot be asked.
 */
export async function checkCoverage({ config, definitions, ...session }: Session): Promise<Finding[]> {
  if (config.databaseUrl === null || config.redisUrl === null) return [];
  try {
    const [offlineStore, onlineStore] = [await session.offlineStore(), await session.onlineStore()];
    if ((await pendingMigrations(offlineStore)).length > 0) return [];
    const applied = await appliedManifest(offlineStore, (await definitions()).name);
    const findings: Finding[] = [];
    for (const view of Object.values(applied?.manifest.feature_views ?? {})) {
      const found = await compare(view, {
        offlineStore,
        onlineStore,
        manifest: applied?.manifest as Manifest,
      });
      if (found !== null) findings.push(found);
    }
    return findings;
  } catch {
    return [];
  }
}

interface Comparing {
  readonly offlineStore: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly manifest: Manifest;
}

async function compare(
  view: FeatureViewManifest,
  { offlineStore, onlineStore, manifest }: Comparing,
): Promise<Finding | null> {
  const entity = manifest.entities[view.entity];
  if (entity === undefined) return null;
  const after = new Date(view.ttl_ms === 'forever' ? 0 : Date.now() - view.ttl_ms);
  const rows = await sampleHistory(offlineStore, manifest, view, { after, limit: SAMPLE });
  if (rows.length === 0) return null;
  const entityKeys = rows.map(({ keys }) => entityKeyOfTexts(entity, keys));
  const headers = await onlineStore.headers({ entity: entity.name, entityKeys, view });
  const there = rows.filter(({ eventTimestampMs }, at) => {
    const header = headers[at] ?? null;
    return header !== null && header.eventTimestampMs >= eventTimestampMs;
  }).length;
  const ref = viewRef(view);
  const check = `online rows of ${ref}`;
  const detail = `${there} of ${rows.length} sampled entities of history are online`;
  if (there >= ENOUGH * rows.length) return ok(check, detail);
  const fix =
    view.source.kind === 'push'
      ? `Push their rows again: POST /v1/views/${view.name}/push`
      : `Restore them without computing them again: larder backfill ${ref}`;
  return warn(check, detail, fix);
}
