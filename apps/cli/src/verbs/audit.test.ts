import { hostname, userInfo } from 'node:os';
import { PassThrough } from 'node:stream';
import { auditAnswerSchema } from '@larder/contracts';
import { CONFIG_PATH, test, type Shop } from '@larder/materialization/fixtures';
import { expect } from 'vitest';
import { runProgram } from '../program.ts';

async function larder(shop: Shop, ...argv: readonly string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const stores = ['--project', CONFIG_PATH, '--database-url', shop.databaseUrl, '--redis-url', shop.redisUrl];
  const { signal } = new AbortController();
  const code = await runProgram({ argv: [...argv, ...stores], stdout, stderr, signal });
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

test('commands are recorded with user and host, and listed newest first', async ({ shop }) => {
  const queued = await larder(shop, 'backfill', 'ad_words', '--all', '--detach', '--json');
  expect(queued.code).toBe(0);
  await larder(shop, 'inspect', 'ad', 'ad-0009');
  await larder(shop, 'forget', 'ad', 'ad-0009', '--yes');

  const me = `${userInfo().username}@${hostname()}`;
  const listed = await larder(shop, 'audit', '--actor', me, '--json');
  const { entries } = auditAnswerSchema.parse(JSON.parse(listed.out));
  expect(entries.map(({ action }) => action)).toEqual(['entity.forget', 'entity.inspect', 'run.backfill']);
  expect(entries[2]).toMatchObject({ actor: me, subject: 'view ad_words@1', key_id: null, address: null });

  const aboutOne = await larder(shop, 'audit', '--entity', 'ad', '--key', 'ad-0009');
  expect(aboutOne.code).toBe(0);
  expect(aboutOne.out).toMatch(/^at +actor +action +subject +change +request$/m);
  expect(aboutOne.out).toMatch(/entity\.forget +entity ad [0-9a-f]+…? +receipt/);
  expect(aboutOne.out).not.toContain('ad-0009');
  expect(aboutOne.out).not.toContain('run.backfill');

  const page = await larder(shop, 'audit', '--actor', me, '--limit', '2');
  expect(page.out.trim().split('\n')).toHaveLength(3);
  const cursor = /--cursor (\S+)/.exec(page.err)?.[1] ?? '';
  const rest = await larder(shop, 'audit', '--actor', me, '--cursor', cursor);
  expect(rest.out.trim().split('\n')).toHaveLength(2);
  expect((await larder(shop, 'audit', '--refused')).err).toContain('no such entry');
});
