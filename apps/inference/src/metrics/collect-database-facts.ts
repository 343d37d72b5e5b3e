import type { MetricLabels, Meters } from '@larder/core/metrics';
import type { DatabaseFacts } from './database-facts.ts';

/** Registers the metrics whose values are in PostgreSQL, and the same in every process. */
export function collectDatabaseFacts(
  meters: Pick<Meters<'inference'>, 'collect'>,
  read: () => Promise<DatabaseFacts | null>,
): void {
  meters.collect('larder_view_as_of_timestamp_seconds', async (report) => {
    for (const { ref, asOf } of (await read())?.ages ?? []) report({ view: ref }, seconds(asOf));
  });
  meters.collect('larder_view_stale', async (report) => {
    for (const { ref, objectiveMs, stale } of (await read())?.ages ?? [])
      if (objectiveMs !== null) report({ view: ref }, stale ? 1 : 0);
  });
  meters.collect('larder_view_online_timestamp_seconds', async (report) => {
    for (const { view, version, newestOnlineAt } of (await read())?.freshness ?? [])
      if (newestOnlineAt !== null) report({ view: `${view}@${version}` }, seconds(newestOnlineAt));
  });
  meters.collect('larder_view_rows_online', async (report) => {
    for (const { view, version, rowsOnline } of (await read())?.freshness ?? [])
      report({ view: `${view}@${version}` }, rowsOnline);
  });
  meters.collect('larder_view_coverage_ratio', async (report) => {
    for (const { ref, share, expected } of (await read())?.coverage ?? [])
      if (expected !== null) report({ view: ref }, share);
  });
  meters.collect('larder_problems', async (report) => {
    const counts = new Map<string, { readonly labels: MetricLabels<'larder_problems'>; count: number }>();
    for (const { kind, severity } of (await read())?.standing.problems ?? []) {
      const known = counts.get(`${kind} ${severity}`) ?? { labels: { kind, severity }, count: 0 };
      known.count += 1;
      counts.set(`${kind} ${severity}`, known);
    }
    for (const { labels, count } of counts.values()) report(labels, count);
  });
  meters.collect('larder_api_key_expires_timestamp_seconds', async (report) => {
    for (const { keyId, name, expiresAt } of (await read())?.keys ?? [])
      if (expiresAt !== null) report({ key: keyId, name }, seconds(expiresAt));
  });
  meters.collect('larder_api_key_secret_created_timestamp_seconds', async (report) => {
    for (const { keyId, name, secrets } of (await read())?.keys ?? [])
      if (secrets[0] !== undefined) report({ key: keyId, name }, seconds(secrets[0].createdAt));
  });
  meters.collect('larder_backup_archived_timestamp_seconds', async (report) => {
    const upkeep = (await read())?.standing.upkeep;
    if (upkeep?.archiving === true && upkeep.archivedAt !== null) report({}, seconds(upkeep.archivedAt));
  });
}

function seconds(at: Date): number {
  return at.getTime() / 1_000;
}
