import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModuleSource } from './module-graph.ts';

/** The files of a project. */
export const projectSource: ModuleSource = {
  read: (path) => readFile(path, 'utf8'),
  resolve(specifier, from) {
    if (specifier.startsWith('file:')) return fileURLToPath(specifier);
    if (/^\.{0,2}\//.test(specifier)) return relativePath(specifier, from);
    return specifier.startsWith('#') ? aliasedPath(specifier, from) : null;
  },
};

function relativePath(specifier: string, from: string): string {
  // `require` of CommonJS completes a path; imports are exact.
  return /\.c[jt]s$/.test(from) ? (required(specifier, from) ?? '') : resolve(dirname(from), specifier);
}

/** By `imports` of package.json; null when it names a package. */
function aliasedPath(specifier: string, from: string): string | null {
  const path = required(specifier, from);
  return path === null || path.includes('/node_modules/') || !path.startsWith('/') ? null : path;
}

function required(specifier: string, from: string): string | null {
  try {
    return createRequire(from).resolve(specifier);
  } catch {
    return null;
  }
}
