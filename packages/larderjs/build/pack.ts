import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import { emit } from './emit.ts';
import { packagesOf } from './packages-of.ts';
import { ROOT, versionOf, WORKSPACES } from './workspaces.ts';

/**
 * `npm run pack [-- FOLDER]`: packs `larderjs` into one tarball, in `dist/` by default, and prints its path.
 */
const OWN = join(ROOT, 'packages/larderjs');
const out = resolve(process.argv[2] ?? join(ROOT, 'dist'));
const staged = join(out, 'larder');

rmSync(staged, { recursive: true, force: true });
mkdirSync(staged, { recursive: true });
emit(join(staged, 'dist'));
cpSync(join(OWN, 'bin/larder.js'), join(staged, 'bin/larder.js'));
cpSync(join(OWN, 'README.md'), join(staged, 'README.md'));
for (const file of ['Containerfile', 'compose.yaml', 'prepare.mjs'])
  cpSync(join(ROOT, 'infra/images', file), join(staged, 'image', file));
cpSync(join(ROOT, 'LICENSE'), join(staged, 'LICENSE'));
writeFileSync(join(staged, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
const packed = spawnSync('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', out], {
  cwd: staged,
  encoding: 'utf8',
});
if (packed.status !== 0) throw new Error(`npm pack failed:\n${packed.stdout}${packed.stderr}`);
const { filename } = (Object.values(JSON.parse(packed.stdout) as object) as { filename: string }[])[0] as {
  filename: string;
};
console.log(join(out, filename));

function manifest(): object {
  const own = JSON.parse(readFileSync(join(OWN, 'package.json'), 'utf8')) as Record<string, unknown>;
  const { private: _, dependencies: __, exports, ...facts } = own;
  return {
    ...facts,
    bin: { larder: 'bin/larder.js', larderjs: 'bin/larder.js' },
    files: ['bin', 'dist', 'image'],
    exports: Object.fromEntries(
      Object.entries(exports as Record<string, string>).map(([name, source]) => {
        const path = `./dist/packages/larderjs/${source.slice(2).replace(/\.ts$/, '')}`;
        return [name, { types: `${path}.d.ts`, default: `${path}.js` }];
      }),
    ),
    dependencies: dependencies(),
    optionalDependencies: Object.assign(
      {},
      ...WORKSPACES.map(({ json }) => json.optionalDependencies ?? {}),
    ) as object,
  };
}

/** The libraries that the JavaScript imports or reads, at the versions that the tests run with. */
function dependencies(): Record<string, string> {
  const names = new Set<string>();
  for (const file of globSync('dist/**/*.js', { cwd: staged, exclude: ['dist/apps/cli/templates/**'] })) {
    for (const name of packagesOf(readFileSync(join(staged, file), 'utf8')))
      if (!isBuiltin(name) && !name.startsWith('node:')) names.add(name);
  }
  const versions = [...names].sort().map((name) => [name, versionOf(name)] as const);
  const unknown = versions.filter(([, version]) => version === null).map(([name]) => name);
  if (unknown.length > 0)
    throw new Error(`No package.json in the repository has a version of ${unknown.join(', ')}.`);
  return Object.fromEntries(versions) as Record<string, string>;
}
