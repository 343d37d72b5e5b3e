import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from '@larder/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, describe, expect } from 'vitest';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { startEmbeddedRedis } from './embedded-redis.ts';
import { openStateFolder } from './state-folder.ts';

const projects: string[] = [];
/** The repository's own: unpacking a server again for each test would take seconds. */
const toolsFolder = join(import.meta.dirname, '../../.larder/tools');

const pathOf = (url: string) => decodeURIComponent(new URL(url).pathname);

/** A project folder that only its owner may enter, with a path too long for a socket. */
function projectFolder(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'larder-stack-')), 'a-long-folder-name'.repeat(8));
  mkdirSync(path, { recursive: true, mode: 0o700 });
  projects.push(path);
  return path;
}

afterAll(() => {
  for (const path of projects) rmSync(join(path, '..'), { recursive: true, force: true });
});

describe('embedded PostgreSQL', () => {
  for (const asNobody of process.getuid?.() === 0 ? [false, true] : [false]) {
    test(`keeps its data over a SIGKILL and a second start${asNobody ? ', as nobody' : ''}`, async () => {
      const folder = openStateFolder(projectFolder(), 'stack');
      const first = await startEmbeddedPostgres(folder, { asNobody });
      await first.createDatabase('kept');
      first.process.kill('SIGKILL');
      await first.process.exited;
      const second = await startEmbeddedPostgres(folder, { asNobody });
      const client = new pg.Client({ connectionString: second.url('kept') });
      await client.connect();
      expect((await client.query('show server_version')).rows[0].server_version).toMatch(/^18\./);
      await client.end();
      await second.stop();
      expect(second.process.running()).toBe(false);
    });
  }
});

describe('embedded Redis', () => {
  test('keeps its data over a SIGKILL and never evicts', async () => {
    const folder = openStateFolder(projectFolder(), 'stack');
    const first = await startEmbeddedRedis(folder, { toolsFolder });
    const before = new Redis({ path: pathOf(first.url) });
    before.on('error', () => {});
    await before.set('kept', 'yes');
    await before.config('SET', 'appendfsync', 'always');
    await before.set('synced', 'yes');
    first.process.kill('SIGKILL');
    await first.process.exited;
    before.disconnect();
    const second = await startEmbeddedRedis(folder, { toolsFolder });
    const after = new Redis({ path: pathOf(second.url) });
    expect(await after.mget('kept', 'synced')).toEqual(['yes', 'yes']);
    expect(await after.config('GET', 'maxmemory-policy')).toContain('noeviction');
    after.disconnect();
    await second.stop();
  });
});
