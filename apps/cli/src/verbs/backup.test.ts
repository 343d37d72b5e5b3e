import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { CONFIG_PATH, test } from '@larder/materialization/fixtures';
import { applyManifest } from '@larder/registry';
import { expect, inject } from 'vitest';
import { jsonOf, larder } from '../../fixtures/run-cli.ts';

test('says which events are not in the copy, and why', async ({ shop }) => {
  await applyManifest(shop.store, shop.project.manifest, { actor: 'test' });
  const folder = () => join(inject('testFolder'), `backup-${randomBytes(4).toString('hex')}`);
  const options = ['--project', CONFIG_PATH, '--database-url', shop.databaseUrl];
  const told = await larder(['backup', folder(), ...options]);
  expect(told).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('Not in the copy: events of ad_events, visits') as string,
  });
  const json = await larder(['backup', folder(), '--json', ...options]);
  expect(jsonOf(json)).toMatchObject({ events_left_out: ['ad_events', 'visits'] });
});
