import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isName, LarderError } from '@larder/core';
import { mergePackage } from './merge-package.ts';
import { nodeDependency, ownDependency } from './own-dependency.ts';
import type { TemplateName } from './templates.ts';

const FOLDER = join(import.meta.dirname, '../../templates');
/** npm leaves files with these names out of a package. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore', npmrc: '.npmrc' };
const LEFT_OUT = /(^|\/)(node_modules|\.larder)(\/|$)/;

export interface WrittenProject {
  readonly name: string;
  readonly files: readonly string[];
  /** Files that existed before. */
  readonly kept: readonly string[];
}

/** Copies a template into a folder, named after it; existing files stay. @throws REQUEST_INVALID where a project already exists */
export async function writeProject(target: string, template: TemplateName): Promise<WrittenProject> {
  if (existsSync(join(target, 'larder.config.ts')))
    throw new LarderError(
      'REQUEST_INVALID',
      `${target} already has a larder.config.ts; choose another folder.`,
    );
  const name = projectName(basename(target));
  const from = join(FOLDER, template);
  const files: string[] = [];
  const kept: string[] = [];
  for (const source of await filesOf(from)) {
    const file = RENAMED[source] ?? source;
    const path = join(target, file);
    if (file !== 'package.json' && existsSync(path)) {
      kept.push(file);
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    if (file === 'package.json') await writePackage(join(from, source), path, name);
    else if (file === 'larder.config.ts') await writeConfig(join(from, source), path, name);
    else await copyFile(join(from, source), path);
    files.push(file);
  }
  return { name, files, kept };
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((file) => !LEFT_OUT.test(file))
    .sort();
}

async function writeConfig(from: string, path: string, name: string): Promise<void> {
  const text = await readFile(from, 'utf8');
  await writeFile(path, text.replace("project('my_project')", `project('${name}')`));
}

async function writePackage(from: string, path: string, name: string): Promise<void> {
  const starter = JSON.parse(await readFile(from, 'utf8')) as Record<string, unknown>;
  const present = existsSync(path)
    ? (JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>)
    : {};
  // `npm install` in an empty folder writes a package.json without a name
  const named = { name: name.replaceAll('_', '-'), ...present };
  const complete = {
    ...starter,
    dependencies: { ...(starter['dependencies'] as object), larderjs: ownDependency(dirname(path)) },
    optionalDependencies: nodeDependency(),
  };
  await writeFile(path, `${JSON.stringify(mergePackage(named, complete), null, 2)}\n`);
}

/** `My Pictures` → `my_pictures`. */
function projectName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/_+$/, '');
  return isName(name) ? name : 'my_project';
}
