import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

export interface ImageProject {
  readonly folder: string;
  readonly containerfile: string;
}

/**
 * A project as `larder init --template tabular` writes it, with the packed larderjs as a tarball, its lock file, and
 * things beside it that must not reach an image.
 */
export async function writeImageProject(folder: string): Promise<ImageProject> {
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'apps/cli/templates/tabular'), folder, { recursive: true });
  renameSync(join(folder, 'npmrc'), join(folder, '.npmrc'));
  const { stdout } = await run(process.execPath, [
    join(root, 'packages/larderjs/build/pack.ts'),
    `${folder}-packed`,
  ]);
  const tarball = stdout.trim();
  renameSync(tarball, join(folder, basename(tarball)));
  // in a real project below node_modules; any folder that no image gets will do
  const image = join(folder, '.git');
  renameSync(`${folder}-packed/larder/image`, image);

  const path = join(folder, 'package.json');
  const { devDependencies: _, ...facts } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...facts, dependencies: { larderjs: `file:${basename(tarball)}` } }));
  await run(
    'npm',
    ['install', '--package-lock-only', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'],
    {
      cwd: folder,
    },
  );
  writeFileSync(join(folder, '.env'), 'LARDER_REDIS_URL=redis://:secret@elsewhere:6379\n', { mode: 0o600 });
  writeFileSync(join(folder, '.env.production'), 'TOKEN=secret\n');
  mkdirSync(join(folder, 'secrets'));
  writeFileSync(join(folder, 'secrets/database-url'), 'postgresql://shop:secret@elsewhere/shop\n');
  mkdirSync(join(folder, 'node_modules/left-pad'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/left-pad/index.js'), '// of the machine\n');
  return { folder, containerfile: join(image, 'Containerfile') };
}
