import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LarderError } from '@larder/core';
import type { Metafile } from 'esbuild';
import { isLarder } from '../larder-package.ts';
import { ENTRY } from './emit-modules.ts';
import { impossible } from './impossible.ts';

/** A binary, or a package that finds one by the platform. */
const NATIVE =
  /\.node['"`]|['"`](?:node-gyp-build|node-gyp-build-optional-packages|bindings|node-pre-gyp|@mapbox\/node-pre-gyp)['"`]/;
const PLACE = /\bimport\.meta\.(?:url|dirname|filename|resolve)\b|\b__(?:dirname|filename)\b/;

/**
 * Packages in a bundle that cannot work there.
 * @throws NATIVE_MODULE, BUNDLE_IMPOSSIBLE
 */
export async function checkPackages(
  subject: string,
  { metafile, folder }: { readonly metafile: Metafile; readonly folder: string },
): Promise<void> {
  const included = new Set(
    Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    ),
  );
  for (const path of included) {
    if (!path.includes('node_modules/')) continue;
    const text = await readFile(resolve(folder, path), 'utf8');
    const imports = metafile.inputs[path]?.imports ?? [];
    if (NATIVE.test(text) || imports.some((each) => each.path.endsWith('.node')))
      throw new LarderError(
        'NATIVE_MODULE',
        `${subject} cannot be bundled for serving: it needs native code (${wayTo(metafile, path)}). Compute the feature ahead in a feature view, or use a package without native code.`,
      );
    if (isLarder(packageOf(path)))
      throw impossible(subject, `it uses Larder, which a bundle does not contain (${wayTo(metafile, path)})`);
    if (PLACE.test(text) && !text.includes('typeof __dirname') && !text.includes('typeof __filename'))
      throw impossible(
        subject,
        `${packageOf(path)} reads files beside its modules, but a bundle has no place on disk (${wayTo(metafile, path)})`,
      );
  }
}

/** `larder.config.ts → src/rate.ts → sharp`: the shortest chain of imports; a package once. */
function wayTo({ inputs }: Metafile, target: string): string {
  const from = new Map<string, string | null>([[`larder:${ENTRY}`, null]]);
  for (const [path] of from)
    for (const each of inputs[path]?.imports ?? []) if (!from.has(each.path)) from.set(each.path, path);
  const way: string[] = [];
  for (let at: string | null | undefined = target; at; at = from.get(at)) {
    const name = at.includes('node_modules/')
      ? packageOf(at)
      : at.replace(/^larder:(?:larder:[a-z-]+:?)?/, '');
    if (name !== '' && way[0] !== name) way.unshift(name);
  }
  return way.join(' → ');
}

/** `sharp`, `@img/colour`. */
function packageOf(path: string): string {
  const inside = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  return inside.split('/', inside.startsWith('@') ? 2 : 1).join('/');
}
