import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { BuildJob } from './build-job.ts';

type Places = Pick<BuildJob, 'folder' | 'temporaryFolder'>;

/** Size of what a build has written so far. */
export async function writtenBytes(job: Places, pid: number): Promise<number> {
  let total = 0;
  for (const folder of await foldersOfBuild(job, pid)) total += await bytesIn(folder);
  return total;
}

/** Size of the files in a folder, which another thread may be writing. */
export async function bytesIn(folder: string): Promise<number> {
  let total = 0;
  for (const name of await readdir(folder, { recursive: true }).catch(() => []))
    total += await stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    );
  return total;
}

/** Removes what a process left that ended in the middle of its build. */
export async function removeUnfinished(job: Places, pid: number): Promise<void> {
  for (const folder of await foldersOfBuild(job, pid)) await rm(folder, { recursive: true, force: true });
}

/** DuckDB's folder, which is named after the process, and the set's before it has its name. */
async function foldersOfBuild({ folder, temporaryFolder }: Places, pid: number): Promise<string[]> {
  const parent = dirname(folder);
  const [work, sets] = await Promise.all(
    [temporaryFolder, parent].map((each) => readdir(each).catch(() => [])),
  );
  return [
    ...(work ?? []).filter((name) => name.includes(`-${pid}-`)).map((name) => join(temporaryFolder, name)),
    ...(sets ?? [])
      .filter((name) => name.startsWith(`.${basename(folder)}.`))
      .map((name) => join(parent, name)),
  ];
}
