import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { LARDER_VERSION } from '@larder/core';

const NAME = 'larderjs';
/** Name of the repository's own package.json. */
const CLONE = 'larder-workspace';

interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * The package that runs, as the project in `target` depends on it, so that `npm install` finds the same one: the tarball
 * or address that it was installed from, otherwise its version. A clone of the repository gives the tarball that it packs.
 * @param from a folder of the package that runs
 */
export function ownDependency(target: string, from: string = import.meta.dirname): string {
  for (const folder of parentsOf(from)) {
    const read = readPackage(folder);
    if (read?.name === CLONE)
      return fileDependency(target, join(folder, `dist/${NAME}-${LARDER_VERSION}.tgz`));
    const spec = { ...read?.optionalDependencies, ...read?.devDependencies, ...read?.dependencies }[NAME];
    if (spec === undefined) continue;
    if (/^(https?|git)\b/.test(spec)) return spec;
    const [, path] = /^(?:file:|(?=\.{0,2}\/))(.+)$/.exec(spec) ?? [];
    return path === undefined ? LARDER_VERSION : fileDependency(target, resolve(folder, path));
  }
  return LARDER_VERSION;
}

/** The clone that must pack its tarball before `npm install` finds this dependency; null: nothing is missing. */
export function cloneToPack(target: string, dependency: string): string | null {
  const [, path] = /^file:(.+\.tgz)$/.exec(dependency) ?? [];
  if (path === undefined || existsSync(resolve(target, path))) return null;
  const clone = resolve(target, path, '../..');
  return readPackage(clone)?.name === CLONE ? clone : null;
}

/** The Node that runs, if it came from npm: a project that it starts gets it from there, too. */
export function nodeDependency(execPath: string = process.execPath): Readonly<Record<string, string>> {
  const folder = dirname(dirname(execPath));
  if (!/[\\/]node_modules$/.test(dirname(folder))) return {};
  const { name, version } = readPackage(folder) ?? {};
  return name === undefined || version === undefined ? {} : { [name]: version };
}

function fileDependency(target: string, path: string): string {
  return `file:${relative(target, path).replaceAll('\\', '/')}`;
}

function readPackage(folder: string): PackageJson | null {
  const path = join(folder, 'package.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as PackageJson) : null;
}

function* parentsOf(folder: string): Generator<string> {
  for (let at = folder; ; at = dirname(at)) {
    yield at;
    if (at === dirname(at)) return;
  }
}
