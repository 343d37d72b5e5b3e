import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openOutputFolder } from './output-folder.ts';

test.for([
  ['does not exist', false],
  ['is there and empty', true],
] as const)(
  'builds into one folder that %s: the first has it, the others are refused',
  async ([, exists]) => {
    const parent = await mkdtemp(join(tmpdir(), 'larder-output-'));
    onTestFinished(() => rm(parent, { recursive: true }));
    const path = join(parent, 'set');
    for (let round = 0; round < 20; round++) {
      if (exists) await mkdir(path);
      const builds = await Promise.all(Array.from({ length: 4 }, () => openOutputFolder(path)));
      for (const [i, { building }] of builds.entries())
        await writeFile(join(building, 'manifest.json'), `${i}`);
      const outcomes = await Promise.allSettled(builds.map((build) => build.publish()));
      const won = outcomes.findIndex(({ status }) => status === 'fulfilled');
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const refused = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [(outcome.reason as { code?: unknown }).code] : [],
      );
      expect(refused).toEqual(['FOLDER_NOT_EMPTY', 'FOLDER_NOT_EMPTY', 'FOLDER_NOT_EMPTY']);
      for (const build of builds) await build.discard();
      expect(await readdir(parent)).toEqual(['set']);
      expect(await readFile(join(path, 'manifest.json'), 'utf8')).toBe(`${won}`);
      await rm(path, { recursive: true });
    }
  },
);
