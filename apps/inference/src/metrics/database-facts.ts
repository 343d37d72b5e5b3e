import { listKeys, type ApiKey } from '@larder/access';
import type { Manifest } from '@larder/features';
import { viewAges, type ViewAge } from '@larder/materialization/views';
import { readFreshness, withinDeadline, type OfflineStore, type ViewFreshness } from '@larder/offline-store';
import { postgresStanding, type PostgresStanding } from '@larder/operations';
import { readViewCoverage, type ViewCoverage } from '@larder/registry';

/** What PostgreSQL knows about a project, for metrics. */
export interface DatabaseFacts {
  readonly ages: readonly ViewAge[];
  readonly freshness: readonly ViewFreshness[];
  readonly coverage: readonly ViewCoverage[];
  readonly standing: PostgresStanding;
  /** In force. */
  readonly keys: readonly ApiKey[];
}

export interface DatabaseFactsDeps {
  readonly store: OfflineStore;
  /** The applied manifest; null: nothing is applied. */
  readonly manifest: () => Manifest | null;
  /** How long an answer is kept, however many scrape. @default 10 seconds */
  readonly keptMs?: number;
}

/** A scrape waits no longer for PostgreSQL. */
const DEADLINE_MS = 2_500;
/** History is never counted for a scrape. */
const UNCOUNTED = { of: async () => null };

/** Reads the facts at most once per `keptMs`; null while nothing is applied. @throws when PostgreSQL does not answer in time */
export function createDatabaseFacts({
  store,
  manifest: applied,
  keptMs = 10_000,
}: DatabaseFactsDeps): () => Promise<DatabaseFacts | null> {
  let reading: Promise<DatabaseFacts | null> | null = null;
  let startedAtMs = 0;

  async function read(): Promise<DatabaseFacts | null> {
    const manifest = applied();
    if (manifest === null) return null;
    return {
      ages: await viewAges(store, manifest),
      freshness: await readFreshness(store, manifest.project),
      coverage: await readViewCoverage(store, {
        manifest,
        refs: Object.keys(manifest.feature_views),
        counts: UNCOUNTED,
      }),
      standing: await postgresStanding(store, manifest),
      keys: await listKeys(store, manifest.project),
    };
  }

  return () => {
    if (reading === null || performance.now() - startedAtMs > keptMs) {
      startedAtMs = performance.now();
      reading = withinDeadline(read(), DEADLINE_MS);
      // Each collector that waits for it sees the failure; nobody else does.
      reading.catch(() => {});
    }
    return reading;
  };
}
