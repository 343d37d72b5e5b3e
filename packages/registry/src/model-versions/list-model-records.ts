import type { OfflineStore } from '@larder/offline-store';
import { readAliases } from '../aliases/read-aliases.ts';
import { readModelVersions } from './read-model-versions.ts';
import { aliasJson } from './version-json.ts';

/** Every model with versions on record, also those that are no longer applied: `larder models`. */
export async function listModelRecords(store: OfflineStore, project: string) {
  const versionsOf = Map.groupBy(await readModelVersions(store, project), ({ model }) => model);
  const aliasesOf = Map.groupBy(await readAliases(store, project), ({ model }) => model);
  return [...versionsOf].map(([model, versions]) => ({
    model,
    versions: versions.length,
    newest: versions.at(-1)?.version ?? 0,
    aliases: (aliasesOf.get(model) ?? []).map(aliasJson),
  }));
}
