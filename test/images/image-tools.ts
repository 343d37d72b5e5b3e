import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, unpackDebianPackages } from '@larder/infra';

export interface ImageTools {
  readonly buildah: string;
  readonly runc: string;
}

/** Where they are once `unpackImageTools` has succeeded: the machine's own come first. */
export function imageTools(folder: string): ImageTools {
  const unpacked = join(folder, 'images');
  return {
    buildah: findProgram('buildah') ?? join(unpacked, 'usr/bin/buildah'),
    runc: findProgram('runc') ?? join(unpacked, 'usr/sbin/runc'),
  };
}

/** buildah and runc from the distribution's packages, unpacked once. @returns what is wrong; null: both run */
export function unpackImageTools(folder: string): string | null {
  const { buildah, runc } = imageTools(folder);
  if (!existsSync(buildah) || !existsSync(runc)) {
    console.error('Unpacking buildah and runc from the distribution’s packages into .larder (once) …');
    unpackDebianPackages({ folder, name: 'images', packages: ['buildah', 'runc', 'patchelf'] });
    findLibraries(join(folder, 'images'));
  }
  for (const program of [buildah, runc]) {
    const { status, stderr, error } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    if (status !== 0) return `${program} does not run (${(stderr || error?.message) ?? ''})`;
  }
  return null;
}

/** buildah starts itself again with an empty environment: a library path would be lost. */
function findLibraries(unpacked: string): void {
  const patchelf = findProgram('patchelf') ?? join(unpacked, 'usr/bin/patchelf');
  const libraries = globSync('usr/lib/*-linux-gnu', { cwd: unpacked }).map((path) => join(unpacked, path));
  for (const program of ['usr/bin/buildah', 'usr/sbin/runc'])
    spawnSync(patchelf, ['--force-rpath', '--set-rpath', libraries.join(':'), join(unpacked, program)]);
}
