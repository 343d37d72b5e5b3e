import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const IMPORT = /\bimport\(\s*(['"`])(\.{1,2}\/[^'"`$]+)\1/;
const IMPORT_IN_VITEST = /__vite_ssr_dynamic_import__\(\s*"(?:\/@fs)?(\/[^"]+)"/;

/**
 * URL that `() => import('./words.ts')` imports, read from the function's text: the only place that names the module.
 * Null for a function that is not a plain import of a relative path.
 */
export function importedUrl(baseUrl: string, importModule: () => unknown): string | null {
  const text = importModule.toString();
  const specifier = IMPORT.exec(text)?.[2];
  if (specifier !== undefined) return new URL(specifier, baseUrl).href;
  const rewritten = IMPORT_IN_VITEST.exec(text)?.[1];
  return rewritten === undefined ? null : urlBelowAncestor(dirname(fileURLToPath(baseUrl)), rewritten);
}

// Vitest rewrites the path relative to its own root, a folder above the module.
function urlBelowAncestor(folder: string, path: string): string | null {
  const candidate = join(folder, path);
  if (existsSync(candidate)) return pathToFileURL(candidate).href;
  return dirname(folder) === folder ? null : urlBelowAncestor(dirname(folder), path);
}
