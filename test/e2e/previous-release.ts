import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
/** The release before this one, by its commit: move it on when a release is made. */
const COMMIT = '4a006b6d6a905fe84b546f7742b5f9bf62354fc8';
/** What its package is built from. */
const PARTS = ['packages', 'apps', 'infra', 'package.json', 'tsconfig.json', 'LICENSE'];

/** The installed package of the release before this one. */
export interface PreviousRelease {
  /** Folder of the package, as in `node_modules`. */
  readonly folder: string;
  /** Folder of the starter that its `larder init` copies. */
  readonly starter: string;
  /** The script of an app, or of the command line. */
  script(app: 'inference' | 'worker' | 'cli'): string;
}

/**
 * Builds the tarball of the previous release from git and unpacks it, once per clone; its libraries are those of this
 * repository. @throws Error in a clone that neither has nor can fetch the commit: the test must not pass without it
 */
export function installPreviousRelease(): PreviousRelease {
  const place = join(ROOT, '.larder/previous-release');
  const installed = join(place, COMMIT);
  if (!existsSync(installed)) {
    haveCommit();
    mkdirSync(place, { recursive: true });
    const building = mkdtempSync(join(place, 'building-'));
    build(building);
    // Another test run may have been faster.
    if (!existsSync(installed)) renameSync(join(building, 'installed'), installed);
    rmSync(building, { recursive: true, force: true });
  }
  const folder = join(installed, 'node_modules/larderjs');
  const apps = join(folder, 'dist/apps');
  return {
    folder,
    starter: join(apps, 'cli/templates/photos'),
    script: (app) => join(apps, app, 'src/main.js'),
  };
}

function haveCommit(): void {
  const has = () => spawnSync('git', ['cat-file', '-e', `${COMMIT}^{commit}`], { cwd: ROOT }).status === 0;
  if (has()) return;
  const fetched = spawnSync('git', ['fetch', '--quiet', '--no-tags', '--depth=1', 'origin', COMMIT], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, GIT_TERMINAL_PROMPT: '0' },
  });
  if (has()) return;
  throw new Error(
    `This clone lacks the commit of the previous release, ${COMMIT}, and git cannot fetch it. ` +
      `In a shallow clone: git fetch --unshallow\n${fetched.stderr}`,
  );
}

function build(folder: string): void {
  const source = join(folder, 'source');
  const packed = join(folder, 'packed');
  const modules = join(folder, 'installed/node_modules');
  for (const each of [source, packed, modules]) mkdirSync(each, { recursive: true });
  run(ROOT, 'git', 'archive', '--format=tar', `--output=${folder}/source.tar`, COMMIT, ...PARTS);
  run(source, 'tar', '-xf', `${folder}/source.tar`);
  linkModules(source);
  const tarball = run(source, process.execPath, 'packages/larderjs/build/pack.ts', packed).trim();
  run(modules, 'tar', '-xzf', tarball);
  renameSync(join(modules, 'package'), join(modules, 'larderjs'));
}

/** The libraries of this repository, and the old packages under their own names. */
function linkModules(source: string): void {
  const modules = join(source, 'node_modules');
  mkdirSync(join(modules, '@larder'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (name !== '@larder') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  for (const parent of ['packages', 'apps', '.'])
    for (const name of parent === '.' ? ['infra'] : readdirSync(join(source, parent)))
      if (existsSync(join(source, parent, name, 'package.json')))
        symlinkSync(join(source, parent, name), join(modules, '@larder', name));
}

function run(cwd: string, command: string, ...args: readonly string[]): string {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 120_000 });
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${done.status}:\n${done.stdout}${done.stderr}`);
  return done.stdout;
}
