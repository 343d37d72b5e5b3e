import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  abandonedStateFolders,
  openStateFolder,
  redisServer,
  removeStateFolder,
  startEmbeddedPostgres,
  toolsFolderOf,
} from '@larder/infra';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Connection string with `%DATABASE%` in place of the database's name. */
    postgresUrl: string;
    /** `.larder/test-<pid>` of this run. */
    testFolder: string;
  }
}

const root = resolve(import.meta.dirname, '../../..');

/** One private PostgreSQL per test run; folders that killed runs left behind are removed first. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  for (const name of abandonedStateFolders(root, 'test'))
    rmSync(resolve(root, '.larder', name), { recursive: true, force: true });
  const folder = openStateFolder(root, `test-${process.pid}`);
  await redisServer(toolsFolderOf(folder.path));
  const postgres = await startEmbeddedPostgres(folder, {
    durable: false,
    settings: { max_connections: '200' },
  });
  project.provide('postgresUrl', postgres.url('%DATABASE%'));
  project.provide('testFolder', folder.path);
  return async () => {
    await postgres.stop();
    removeStateFolder(folder);
  };
}
