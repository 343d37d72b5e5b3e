import { test } from '@larder/testing';
import { expect } from 'vitest';
import { createOfflineStore } from '../index.ts';
import { checkServerVersion } from './server-version.ts';
import { silent } from '../testing/store.ts';

test('a server that is too old is refused with both versions', async ({ database }) => {
  const store = createOfflineStore({ databaseUrl: database.url, logger: silent });
  await checkServerVersion(store);
  await expect(checkServerVersion(store, 99)).rejects.toMatchObject({
    code: 'DATABASE_TOO_OLD',
    message: expect.stringMatching(/^PostgreSQL 18\.\d+ is too old; Larder requires 99 or newer\./),
  });
  await store.close();
});
