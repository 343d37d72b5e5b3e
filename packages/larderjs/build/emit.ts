import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync, cpSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT, sourceOf } from './workspaces.ts';

/** `from '@larder/core'`, `import('@larder/core')`, `import '@larder/core'`. */
const SPECIFIER = /(\bfrom\s*|\bimport\s*\(\s*|\bimport\s*)(['"])([^'"\n]+)\2/g;
/** `new URL('./session-thread.ts', import.meta.url)`: a module that runs in its own thread or process. */
const SEPARATE =
  /new URL\(\s*(['"`])(\.\.?\/[\w./-]+)(?:\.ts|\$\{extname\([^)]*\)\})\1\s*,\s*import\.meta\.url/g;
/** Modules that only the repository's own tests and examples use. */
const LEFT_OUT = [
  'packages/testing/**',
  '**/*.{test,test-d,bench}.ts',
  '**/fixtures/**',
  '**/src/testing/**',
];

/**
 * Emits every module of the packages and the apps as JavaScript with declarations, in the folders of the repository, so
 * that files a module finds beside itself by `import.meta.url` are also in the package.
 */
export function emit(target: string): void {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const config = join(dirname(target), 'tsconfig.emit.json');
  const files = globSync('{packages/*,apps/*,infra}/src/**/*.ts', { cwd: ROOT, exclude: LEFT_OUT });
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    outDir: target,
    rootDir: ROOT,
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions,
      files: files.map((file) => join(ROOT, file)),
      include: [],
    }),
  );
  // `npm run check` checks the types; declarations do not need that.
  const done = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', config, '--noCheck'], {
    encoding: 'utf8',
  });
  rmSync(config);
  if (done.status !== 0) throw new Error(`tsc could not write the package:\n${done.stdout}${done.stderr}`);
  for (const file of globSync('**/*.{js,d.ts}', { cwd: target })) rewrite(target, file);
  copyAssets(target);
}

function rewrite(target: string, file: string): void {
  const path = join(target, file);
  const text = readFileSync(path, 'utf8');
  const rewritten = text
    .replace(SPECIFIER, (whole, before: string, quote: string, specifier: string) => {
      if (specifier.startsWith('./') || specifier.startsWith('../'))
        return `${before}${quote}${specifier.replace(/\.ts$/, '.js')}${quote}`;
      const source = sourceOf(specifier);
      if (source === null) return whole;
      const beside = relative(dirname(file), source).replace(/\.ts$/, '.js');
      return `${before}${quote}${beside.startsWith('.') ? beside : `./${beside}`}${quote}`;
    })
    .replace(SEPARATE, (whole) => whole.replace(/\.ts(?=['"`])/, '.js'));
  if (/(['"])@larder\//.test(rewritten.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')))
    throw new Error(`${file} still names a package of the repository.`);
  if (rewritten !== text) writeFileSync(path, rewritten);
}

/** Files that modules read beside themselves: Lua scripts, Python, the templates of `larder init`. */
function copyAssets(target: string): void {
  const assets = [
    ...globSync('{packages,apps}/*/src/**/*.{lua,py}', { cwd: ROOT }),
    ...globSync('apps/cli/templates', { cwd: ROOT }),
  ];
  for (const file of assets)
    cpSync(join(ROOT, file), join(target, file), {
      recursive: true,
      filter: (source) => !/node_modules|\.larder$|\.test-only/.test(source),
    });
}
