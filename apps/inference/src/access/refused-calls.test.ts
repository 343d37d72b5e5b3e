import { readAudit } from '@larder/offline-store';
import { expect } from 'vitest';
import { createHttp } from '../testing/http.ts';
import { test } from '../testing/inference-test.ts';
import { bearer, keyWith, startLocked } from '../testing/locked.ts';

test('refused calls are in the audit, with the key where there was one, and once however many there were', async ({
  service,
}) => {
  const { inference } = await startLocked(service);
  const http = createHttp(inference.url);
  const { text } = await keyWith(service, ['predict']);
  for (let nth = 0; nth < 3; nth += 1) expect((await http.post('/v1/apply', {})).status).toBe(401);
  expect((await http.post('/v1/apply', {}, bearer(text))).status).toBe(403);
  await inference.close();
  const { entries } = await readAudit(
    service.offlineStore,
    { project: service.project.name, outcome: 'refused' },
    { limit: 10 },
  );
  const refused = entries.map(({ action, subject, actor, keyId, code, calls }) => ({
    action,
    subject,
    actor,
    keyId,
    code,
    calls,
  }));
  const call = { action: 'call.refused', subject: 'POST /v1/apply' };
  expect(refused).toHaveLength(2);
  expect(refused).toEqual(
    expect.arrayContaining([
      {
        ...call,
        actor: expect.stringMatching(/^api key /),
        keyId: expect.any(String),
        code: 'SCOPE_MISSING',
        calls: 1,
      },
      { ...call, actor: expect.stringMatching(/^http from /), keyId: null, code: 'KEY_REQUIRED', calls: 3 },
    ]),
  );
});
