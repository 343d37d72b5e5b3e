import { randomBytes } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { openStateFolder, startEmbeddedRedis, toolsFolderOf } from '@larder/infra';
import pg from 'pg';
import { test as base, inject } from 'vitest';
import { asProductionUser, refusedByRedis } from './redis-user.ts';

export interface TestDatabase {
  readonly url: string;
}

export interface TestRedis {
  readonly url: string;
  stop(): Promise<void>;
  /** Starts the stopped server again, on the same socket and data. */
  start(): Promise<void>;
  /** Sends SIGKILL; `start` brings it back. */
  kill(): Promise<void>;
  /** Sends SIGSTOP: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
}

/** `test` with real stores, fresh for each test file: an empty database and a Redis of its own. */
export const test = base
  .extend('database', { scope: 'file' }, async ({}, { onCleanup }): Promise<TestDatabase> => {
    const name = `t_${randomBytes(6).toString('hex')}`;
    await administer(`create database ${name}`);
    onCleanup(() => administer(`drop database ${name} with (force)`));
    return { url: databaseUrl(name) };
  })
  .extend('redis', { scope: 'file' }, async ({}, { onCleanup }): Promise<TestRedis> => {
    const redis = await startTestRedis();
    onCleanup(() => {
      redis.thaw();
      return redis.stop();
    });
    return redis;
  });

/** Another Redis for tests that need two, or other settings, under the user of production; its data are deleted with the test run's folder. */
export async function startTestRedis(settings: Readonly<Record<string, string>> = {}): Promise<TestRedis> {
  const run = inject('testFolder');
  const folder = openStateFolder(resolve(run, '../..'), `${basename(run)}/${randomBytes(4).toString('hex')}`);
  const options = {
    settings: { ...asProductionUser(folder.path), ...settings },
    toolsFolder: toolsFolderOf(run),
  };
  let current = await startEmbeddedRedis(folder, options);
  return {
    url: current.url,
    async stop() {
      const refused = await refusedByRedis(current.url);
      await current.stop();
      if (refused.length > 0)
        throw new Error(`Redis refused what infra/redis/users.acl does not allow: ${refused.join(', ')}`);
    },
    async start() {
      current = await startEmbeddedRedis(folder, options);
    },
    async kill() {
      current.process.kill('SIGKILL');
      await current.process.exited;
    },
    freeze: () => current.process.kill('SIGSTOP'),
    thaw: () => current.process.kill('SIGCONT'),
  };
}

function databaseUrl(name: string): string {
  return inject('postgresUrl').replace('%DATABASE%', name);
}

async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl('postgres') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
