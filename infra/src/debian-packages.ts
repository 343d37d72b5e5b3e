import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface DebianPackages {
  /** Where the package lists and the downloads are for the while, and the result stays. */
  readonly folder: string;
  /** The result is `folder/name`. */
  readonly name: string;
  readonly packages: readonly string[];
  /** Exactly these packages, installed here or not; otherwise what a real install of them would add. @default false */
  readonly alone?: boolean;
}

/**
 * Unpacks packages of the distribution into a folder, with separate package lists where the machine's own do not do, so
 * that neither root nor a lock is needed, and no service is started. Where it fails there is no folder, or an empty one.
 */
export function unpackDebianPackages({ folder, name, packages, alone = false }: DebianPackages): void {
  mkdirSync(folder, { recursive: true });
  const apt = mkdtempSync(join(folder, `apt-${name}-`)); // of this process alone: another one may do the same now
  mkdirSync(join(apt, 'lists/partial'), { recursive: true });
  mkdirSync(join(apt, 'cache/archives/partial'), { recursive: true });
  const own = [
    `Dir::State::lists=${join(apt, 'lists')}`,
    `Dir::Cache=${join(apt, 'cache')}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
  ];
  const get = (options: readonly string[], args: readonly string[], cwd = apt) =>
    spawnSync('apt-get', [...options.flatMap((option) => ['-o', option]), ...args], {
      cwd,
      encoding: 'utf8',
      timeout: 120_000,
    });
  const wanted = (options: readonly string[]) =>
    alone
      ? packages
      : [
          ...(get(options, ['-s', 'install', '--no-install-recommends', ...packages]).stdout ?? '').matchAll(
            /^Inst (\S+)/gm,
          ),
        ].map((match) => match[1] as string);

  const download = mkdtempSync(join(apt, 'download-'));
  const downloaded = (options: readonly string[]) => {
    const names = wanted(options);
    return names.length > 0 && get(options, ['download', ...names], download).status === 0;
  };
  if (!downloaded(['Debug::NoLocking=1'])) {
    get(own, ['update']);
    downloaded(own);
  }
  const target = mkdtempSync(join(folder, `${name}-`));
  for (const file of readdirSync(download))
    spawnSync('dpkg-deb', ['-x', join(download, file), target], { stdio: 'ignore' });
  rmSync(apt, { recursive: true, force: true });
  try {
    renameSync(target, join(folder, name)); // atomic: another process may have been first
  } catch {
    rmSync(target, { recursive: true, force: true });
  }
}
