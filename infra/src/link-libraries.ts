import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';

/**
 * npm packages cannot contain links, so an install script creates those of PostgreSQL's libraries. Where npm did not run
 * it (`ignore-scripts`), this does.
 */
export function linkLibraries(packageFolder: string): void {
  const list = join(packageFolder, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { source: string; target: string }[];
  for (const link of links) {
    const path = resolve(packageFolder, link.target);
    if (existsSync(path)) continue;
    const aim = resolve(packageFolder, link.source);
    try {
      symlinkSync(dirname(aim) === dirname(path) ? basename(aim) : relative(dirname(path), aim), path);
    } catch (error) {
      // another process was first
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
