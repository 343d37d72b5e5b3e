import { CHAMPION, type AliasState, type ServableModel } from '@larder/registry';

/** What a process knows about the versions of one model. */
export interface Standing {
  readonly record: ServableModel;
  /** Versions that can answer. */
  isOpen(version: number): boolean;
  /** Versions that could not be loaded. */
  hasFailed(version: number): boolean;
  /** Version that answers for an alias so far. */
  inForce(alias: string): number | undefined;
  /** Version that the champion left last in this process. */
  readonly formerChampion: number | undefined;
}

/**
 * The version that answers for an alias: its target. While the target is loaded, and if it cannot be, the one before
 * goes on. Only a process that has none, or one that was marked bad, goes back to the newest version that somebody
 * promoted and nobody marked bad.
 */
export function versionInForce(alias: AliasState, standing: Standing): number | undefined {
  if (standing.isOpen(alias.version)) return alias.version;
  const before = standing.inForce(alias.alias);
  return fallbacks(alias, standing).find((version) => standing.isOpen(version)) ?? before;
}

export interface WantedVersions {
  /** Versions without which an alias does not answer as it should; most urgent first. */
  readonly needed: readonly number[];
  /** Versions that a rollback may ask for at any moment. */
  readonly spare: readonly number[];
}

/** The versions that a process keeps warm. */
export function wantedVersions(standing: Standing): WantedVersions {
  const { record, formerChampion } = standing;
  const champion = record.aliases.find(({ alias }) => alias === CHAMPION);
  const needed = record.aliases.flatMap((alias) => [
    alias.version,
    ...fallbacks(alias, standing)
      .filter((version) => !standing.hasFailed(version))
      .slice(0, 1),
  ]);
  const spare = [champion?.earlier[0], formerChampion].filter(
    (version) => version !== undefined && record.versions.get(version)?.bad === null,
  );
  return { needed: [...new Set(needed)], spare: [...new Set(spare as number[])] };
}

/** What may answer for an alias whose target cannot be loaded; nothing while another good version does, or nobody promoted any. */
function fallbacks(alias: AliasState, standing: Standing): readonly number[] {
  if (!standing.hasFailed(alias.version)) return [];
  const before = standing.inForce(alias.alias);
  const isGood = before !== undefined && standing.record.versions.get(before)?.bad === null;
  return isGood ? [] : alias.promoted;
}
