import type { IncomingMessage, ServerResponse } from 'node:http';
import { createKeyring } from '@larder/access';
import { listOperations } from '@larder/contracts';
import { isLarderError } from '@larder/core';
import { expect, onTestFinished } from 'vitest';
import { logger, test } from '../testing/inference-test.ts';
import { bearer, keyWith } from '../testing/locked.ts';
import { createGuard } from './guard.ts';

test('what all keys together change of the project has a limit, and reading does not count', async ({
  service,
}) => {
  const { text } = await keyWith(service, ['registry:apply', 'registry:read']);
  const keyring = createKeyring({
    store: service.offlineStore,
    project: service.project.name,
    logger,
    offlineMs: 60_000,
  });
  onTestFinished(() => keyring.close());
  await keyring.ready;
  const guard = createGuard({ keyring, operations: listOperations(), publicRoutes: [], onRefused() {} });
  const answer = async (method: string, url: string): Promise<string> => {
    const request = { method, url, headers: bearer(text), socket: {} } as unknown as IncomingMessage;
    const refused = await guard.admit(request, {} as ServerResponse);
    return isLarderError(refused) ? refused.code : 'admitted';
  };
  expect(await answer('POST', '/v1/apply')).toBe('admitted');
  // Others used it up; in the future, so that none comes back while a slow machine goes on.
  const laterMs = performance.now() + 60_000;
  while (keyring.changes.take(laterMs));
  expect(await answer('POST', '/v1/apply')).toBe('RATE_LIMITED');
  expect(await answer('GET', '/v1/views')).toBe('admitted');
});
