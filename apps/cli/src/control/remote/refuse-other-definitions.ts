import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { ManifestAnswer } from '@larder/contracts';
import { LarderError, shellWord } from '@larder/core';
import { ABSENT_ARTIFACT, loadProject, type Manifest } from '@larder/features';
import type { ServiceClient } from './service-client.ts';

const MAX_NAMED = 5;
const KINDS = {
  entities: 'entity',
  event_sources: 'event source',
  feature_views: 'view',
  on_demand_feature_views: 'view',
  models: 'model',
} as const;

/**
 * The service plans and applies what it was started with: whoever stands in a project with other definitions would believe
 * that those are meant. Artifacts that are not here are not compared. @throws DEFINITIONS_DIFFER, and as loading the project
 */
export async function refuseOtherDefinitions(client: ServiceClient, projectPath: string): Promise<void> {
  if (!existsSync(projectPath)) return;
  const [{ manifest: here }, { loaded }] = await Promise.all([
    loadProject(projectPath, { artifacts: 'optional' }),
    client.get<ManifestAnswer>('/v1/manifest', { members: ['loaded'] }),
  ]);
  const differences = differencesOf(here, loaded as unknown as Manifest);
  if (differences.length === 0) return;
  const named = differences.slice(0, MAX_NAMED).join(', ');
  const more = differences.length > MAX_NAMED ? `, and ${differences.length - MAX_NAMED} more` : '';
  throw new LarderError(
    'DEFINITIONS_DIFFER',
    `${client.url} plans and applies the definitions that it was started with, and ${shellWord(projectPath)} has others: ${named}${more}. Deploy them to the service first, or apply from here with --database-url.`,
  );
}

function differencesOf(here: Manifest, there: Manifest): string[] {
  if (here.project !== there.project)
    return [`the project is ${here.project} here and ${there.project} in the service`];
  return (Object.keys(KINDS) as (keyof typeof KINDS)[]).flatMap((kind) => {
    const [ours, theirs]: Record<string, unknown>[] = [plain(here[kind]), plain(there[kind])];
    return [...new Set([...Object.keys(ours ?? {}), ...Object.keys(theirs ?? {})])].flatMap((name) => {
      const [one, other] = [ours?.[name], theirs?.[name]];
      if (one === undefined) return [`${KINDS[kind]} ${name} is only in the service`];
      if (other === undefined) return [`${KINDS[kind]} ${name} is only here`];
      return isDeepStrictEqual(withoutAbsent(one, other), other) ? [] : [`${KINDS[kind]} ${name} differs`];
    });
  });
}

/** As JSON, as which the other one came. */
function plain(value: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value ?? {})) as Record<string, unknown>;
}

/** `value` with the hashes of `other` where an artifact is not here. */
function withoutAbsent(value: unknown, other: unknown): unknown {
  if (value === ABSENT_ARTIFACT && typeof other === 'string') return other;
  if (Array.isArray(value))
    return value.map((each, i) => withoutAbsent(each, Array.isArray(other) ? other[i] : undefined));
  if (typeof value !== 'object' || value === null) return value;
  const members = (other ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, withoutAbsent(each, members[name])]),
  );
}
