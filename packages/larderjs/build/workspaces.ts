import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { globSync } from 'node:fs';

export const ROOT = resolve(import.meta.dirname, '../../..');

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A package of this repository. */
export interface Workspace {
  /** `packages/core` */
  readonly folder: string;
  readonly json: PackageJson;
}

export const WORKSPACES: readonly Workspace[] = globSync(
  ['packages/*/package.json', 'apps/*/package.json', 'infra/package.json'],
  {
    cwd: ROOT,
  },
).map((file) => ({
  folder: file.replace(/\/package\.json$/, ''),
  json: JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as PackageJson,
}));

/** The source file that `@larder/features` or `@larder/infra/stack` names, from the root; null for other packages. */
export function sourceOf(specifier: string): string | null {
  const [scope, name, ...rest] = specifier.split('/');
  const workspace = WORKSPACES.find(({ json }) => json.name === `${scope}/${name}`);
  const target = workspace?.json.exports?.[rest.length === 0 ? '.' : `./${rest.join('/')}`];
  return workspace === undefined || target === undefined ? null : join(workspace.folder, target);
}

/** The exact version of a library in the repository, and whether it is optional. */
export function versionOf(library: string): string | null {
  for (const { json } of WORKSPACES) {
    const version = json.dependencies?.[library];
    if (version !== undefined) return version;
  }
  return null;
}
