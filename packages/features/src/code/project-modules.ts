import { access, readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { build, type Loader, type Plugin } from 'esbuild';

const LOADERS: Readonly<Record<string, Loader>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.js': 'js',
  '.mjs': 'js',
  '.json': 'json',
};

/**
 * Absolute paths of `larder.config.ts` and of every module of the project that it reaches by relative imports, including
 * `import()`; packages are left out. A module that is missing or cannot be parsed is listed, but not its imports.
 */
export async function projectModules(configPath: string): Promise<string[]> {
  const found = new Set([resolve(configPath)]);
  await build({
    entryPoints: [resolve(configPath)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'esnext',
    logLevel: 'silent',
    plugins: [collecting(found)],
  }).catch(() => {}); // loading the project reports what is wrong
  return [...found].sort();
}

function collecting(found: Set<string>): Plugin {
  return {
    name: 'larder-project-modules',
    setup(bundle) {
      bundle.onResolve({ filter: /.*/ }, async ({ path, kind, resolveDir }) => {
        if (kind === 'entry-point') return null;
        if (!path.startsWith('.')) return { path, external: true };
        const target = resolve(resolveDir, path);
        found.add(target);
        return (await exists(target)) ? { path: target } : { path, external: true };
      });
      bundle.onLoad({ filter: /.*/ }, async ({ path }) => ({
        contents: await readFile(path),
        // Node decides by the extension alone; for other files a watcher needs only their names.
        loader: LOADERS[extname(path)] ?? 'empty',
        resolveDir: dirname(path),
      }));
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
