import { KEY_SCOPES } from '@larder/contracts';
import { expect } from 'vitest';
import { createHttp, type HttpAnswer } from '../testing/http.ts';
import { test } from '../testing/inference-test.ts';
import { codeOf as codeOfRaw, sendRaw } from '../testing/raw-http.ts';
import { bearer, keyWith, startLocked } from '../testing/locked.ts';

const ID = '01999999-9999-7999-8999-999999999999';
/** Nothing of this name exists, so that no operation does anything. */
const SAMPLES: Readonly<Record<string, string>> = { model: 'nothing', view: 'nothing', source: 'nothing' };
const SCOPES: ReadonlySet<string> = new Set(KEY_SCOPES);
const WALK_TIMEOUT_MS = 300_000;

interface Operation {
  readonly 'x-larder-scope'?: string;
  readonly 'x-larder-bound-by'?: string;
  readonly security?: readonly object[];
}

test(
  'every operation of the document refuses no key, and a key with every other scope',
  async ({ service }) => {
    // Before the service starts: it then knows them all.
    const admin = await keyWith(service, KEY_SCOPES);
    const alone = new Map<string, string>();
    const others = new Map<string, string>();
    for (const scope of KEY_SCOPES) {
      alone.set(scope, (await keyWith(service, [scope])).text);
      const rest = KEY_SCOPES.filter((other) => other !== scope);
      others.set(scope, (await keyWith(service, rest)).text);
    }
    const { inference, reached } = await startLocked(service);
    const http = createHttp(inference.url);
    const { body: document } = await http.get('/openapi.json', bearer(admin.text));
    const { paths } = document as { paths: Record<string, Record<string, Operation>> };
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        path,
        method: method.toUpperCase(),
        operation,
      })),
    );
    expect(operations.length).toBeGreaterThan(45);
    reached.length = 0;
    for (const { path, method, operation } of operations) {
      const scope = operation['x-larder-scope'] ?? 'not declared';
      const where = `${method} ${path}`;
      if (path.startsWith('/health/')) {
        expect({ where, scope, security: operation.security }).toEqual({
          where,
          scope: 'none',
          security: [],
        });
        continue;
      }
      expect({ where, scope, declared: SCOPES.has(scope) }).toEqual({ where, scope, declared: true });
      const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => SAMPLES[name] ?? ID);
      const send = (headers: Record<string, string>): Promise<HttpAnswer> =>
        http.send(target, { method, headers });
      const keyless = await send({});
      expect({ where, code: codeOf(keyless) }).toEqual({ where, code: '401 KEY_REQUIRED' });
      expect(keyless.headers.get('www-authenticate')).toBe('Bearer realm="larder"');
      const lacking = await send(bearer(others.get(scope) ?? ''));
      expect({ where, code: codeOf(lacking) }).toEqual({ where, code: '403 SCOPE_MISSING' });
      expect((lacking.body as { detail: string }).detail).toContain(` ${scope}`);
    }
    expect(reached).toEqual([]);
    // With its scope alone the operation is reached, by the handler that serves it.
    for (const { path, method, operation } of operations) {
      if (path.startsWith('/health/')) continue;
      const text = alone.get(operation['x-larder-scope'] ?? '') ?? '';
      const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => SAMPLES[name] ?? ID);
      const answer = await http.send(target, { method, headers: bearer(text) });
      const where = `${method} ${path}`;
      expect({ where, refused: [401, 403, 429].includes(answer.status) }).toEqual({ where, refused: false });
      const handler = /\/predict(-batch)?$/.test(path) ? 'predict' : 'express';
      expect(reached).toContain(`${handler} ${method} ${target}`);
    }
    await inference.close();
  },
  WALK_TIMEOUT_MS,
);

test('what is not in the document reaches no handler, whatever the key', async ({ service }) => {
  const { inference, reached } = await startLocked(service);
  const http = createHttp(inference.url);
  const admin = bearer((await keyWith(service, KEY_SCOPES)).text);
  await http.get('/v1/runs', admin);
  reached.length = 0;
  const askFor = (path: string, key = '') =>
    sendRaw(inference.url, {
      line: `GET ${path} HTTP/1.1`,
      headers: ['host: localhost', `authorization: ${key}`],
    });
  for (const path of ['/', '/v1', '/v1/secrets', '/v1/runs/x/y', '//v1/runs', '/V1/runs']) {
    expect(codeOfRaw(await askFor(path))).toBe('401 KEY_REQUIRED');
    expect(codeOfRaw(await askFor(path, admin.authorization))).toBe('404 ROUTE_NOT_FOUND');
  }
  const patched = await http.send('/v1/labels', { method: 'PATCH', headers: admin });
  expect([codeOf(patched), patched.headers.get('allow')]).toEqual([
    '405 METHOD_NOT_ALLOWED',
    'POST, GET, HEAD',
  ]);
  expect(reached).toEqual([]);
  await inference.close();
});

function codeOf({ status, body }: HttpAnswer): string {
  return `${status} ${(body as { code?: string } | undefined)?.code ?? ''}`;
}
