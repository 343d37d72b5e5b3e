import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { LarderError } from '@larder/core';
import type { Metafile } from 'esbuild';
import { isLarder } from '../larder-package.ts';
import { impossible } from './impossible.ts';

/** A binary, or a package that finds one by the platform. */
const NATIVE =
  /\.node['"`]|['"`](?:node-gyp-build|node-gyp-build-optional-packages|bindings|node-pre-gyp|@mapbox\/node-pre-gyp)['"`]/;
const PLACE = /\bimport\.meta\.(?:url|dirname|filename|resolve)\b|\b__(?:dirname|filename)\b/;

interface Bundled {
  readonly metafile: Metafile;
  /** The project's. */
  readonly folder: string;
  /** The module that begins the bundle, as the metafile names it. */
  readonly from: string;
}

/**
 * Packages in a bundle that cannot work there.
 * @throws NATIVE_MODULE, BUNDLE_IMPOSSIBLE
 */
export async function checkPackages(subject: string, bundled: Bundled): Promise<void> {
  const { metafile, folder } = bundled;
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
        `${subject} cannot be bundled for serving: it needs native code (${wayTo(bundled, path)}). Compute the feature ahead in a feature view, or use a package without native code.`,
      );
    if (isLarder(packageOf(path)))
      throw impossible(subject, `it uses Larder, which a bundle does not contain (${wayTo(bundled, path)})`);
    if (PLACE.test(text) && !text.includes('typeof __dirname') && !text.includes('typeof __filename'))
      throw impossible(
        subject,
        `${packageOf(path)} reads files beside its modules, but a bundle has no place on disk (${wayTo(bundled, path)})`,
      );
  }
}

/** `larder.config.ts → src/rate.ts → sharp`: the shortest chain of imports; a package once. */
function wayTo({ metafile: { inputs }, folder, from }: Bundled, target: string): string {
  const cameFrom = new Map<string, string | null>([[from, null]]);
  for (const [path] of cameFrom)
    for (const each of inputs[path]?.imports ?? [])
      if (!cameFrom.has(each.path)) cameFrom.set(each.path, path);
  const way: string[] = [];
  for (let at: string | null | undefined = target; at; at = cameFrom.get(at)) {
    const name = at.includes('node_modules/')
      ? packageOf(at)
      : relative(folder, at.replace(/^larder:(?:larder:all-of:)?/, ''));
    if (way[0] !== name) way.unshift(name);
  }
  return way.join(' → ');
}

/** `sharp`, `@img/colour`. */
function packageOf(path: string): string {
  const inside = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  return inside.split('/', inside.startsWith('@') ? 2 : 1).join('/');
}
