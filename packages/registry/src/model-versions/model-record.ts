import { aliasStates, type AliasMove, type AliasState } from '../aliases/alias-state.ts';
import { readAliasMoves } from '../aliases/read-aliases.ts';
import type { Completion, VersionCoverage } from '../coverage/completion.ts';
import type { RegistryStore } from '../registry-store.ts';
import { modelNotFound } from './find-version.ts';
import {
  readModelVersions,
  readVersionDetails,
  type ModelVersion,
  type ModelVersionDetails,
} from './read-model-versions.ts';

/** Everything that people ask about the versions of one model. */
export interface ModelRecord {
  /** Oldest first, as the others. */
  readonly versions: readonly (ModelVersion & ModelVersionDetails)[];
  readonly aliases: readonly AliasState[];
  readonly moves: readonly AliasMove[];
  /** How far a version has filled, by its number; only of those that still fill. */
  readonly coverage: ReadonlyMap<number, VersionCoverage>;
}

export interface ModelRecordOptions {
  readonly project: string;
  readonly model: string;
  /** Keeps counts of history between calls. */
  readonly completion: Pick<Completion, 'read'>;
}

/** @throws MODEL_NOT_FOUND */
export async function readModelRecord(
  store: RegistryStore,
  { project, model, completion }: ModelRecordOptions,
): Promise<ModelRecord> {
  const versions = await readModelVersions(store, project, model);
  if (versions.length === 0) throw modelNotFound(model);
  const details = new Map(
    (await readVersionDetails(store, project, model)).map((each) => [each.version, each]),
  );
  const moves = await readAliasMoves(store, project, model);
  const filling = versions.some(({ completeAt, hasContent }) => completeAt === null && hasContent);
  const coverages = filling ? await completion.read() : [];
  return {
    // A version that came in between has no details yet.
    versions: versions.flatMap((each) => {
      const found = details.get(each.version);
      return found === undefined ? [] : [{ ...found, ...each }];
    }),
    aliases: aliasStates(versions, moves),
    moves,
    coverage: new Map(coverages.filter((each) => each.model === model).map((each) => [each.version, each])),
  };
}
