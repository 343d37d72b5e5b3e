import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unpackDebianPackages } from '@larder/infra';
import type { Buildah } from './buildah.ts';

const run = promisify(execFile);
/** What gcr.io/distroless/cc-debian12 is made of. */
const BASE = [
  'libc6',
  'libgcc-s1',
  'libstdc++6',
  'gcc-12-base',
  'base-files',
  'ca-certificates',
  'tzdata',
  'netbase',
];
/** What the build needs beside Node and npm: a shell, `nice`, and their libraries. */
const BUILD = ['dash', 'coreutils', 'libselinux1', 'libpcre2-8-0', 'libacl1', 'libattr1', 'libgmp10'];
const NPM = 'npm@11.19.1';

/**
 * Stand-ins for the two images of the Containerfile, which a machine without a registry cannot pull: made of the same
 * packages of the distribution, of the Node that runs this, and of npm from npm.
 */
export async function buildBaseImages(
  buildah: Buildah,
  folder: string,
): Promise<{ NODE: string; BASE: string }> {
  mkdirSync(folder, { recursive: true });
  const containerfile = join(folder, 'Containerfile');
  writeFileSync(
    containerfile,
    'FROM scratch\nCOPY . /\nENV PATH=/usr/local/bin:/usr/bin:/bin\nUSER 10001:10001\n',
  );
  const base = join(folder, 'base');
  unpackDebianPackages({ folder, name: 'base', packages: BASE, alone: true });
  await buildah.build('localhost/base', { containerfile, context: base });

  const node = join(folder, 'node');
  const local = join(node, 'usr/local');
  unpackDebianPackages({ folder, name: 'node', packages: [...BASE, ...BUILD], alone: true });
  writeFileSync(join(node, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  for (const path of ['bin', 'lib']) mkdirSync(join(local, path), { recursive: true });
  cpSync(process.execPath, join(local, 'bin/node'), { dereference: true });
  await run('npm', ['install', '--global', '--prefix', local, '--ignore-scripts', '--prefer-offline', NPM]);
  await buildah.build('localhost/node', { containerfile, context: node });
  rmSync(folder, { recursive: true });
  return { NODE: 'localhost/node', BASE: 'localhost/base' };
}
