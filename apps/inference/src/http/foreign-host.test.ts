import { describe, expect, onTestFinished } from 'vitest';
import { startInference } from '../start-inference.ts';
import { logger, test, type Service } from '../testing/inference-test.ts';
import { codeOf, sendRaw } from '../testing/raw-http.ts';

const REFUSED = '421 HOST_NOT_ALLOWED';

async function open({ config }: Service, allowedHosts: readonly string[], host = '127.0.0.1') {
  const inference = await startInference({ ...config, host, allowedHosts }, logger);
  onTestFinished(() => inference.close());
  return inference.url;
}

async function ask(url: string, host: string, path = '/v1/runs'): Promise<string> {
  return codeOf(await sendRaw(url, { line: `GET ${path} HTTP/1.1`, headers: [`host: ${host}`] }));
}

describe('by default', () => {
  test.for([
    'localhost',
    'LOCALHOST:6570',
    'localhost.',
    'larder.localhost',
    '127.0.0.1:6570',
    '127.9.8.7',
    '[::1]:6570',
    '[0:0:0:0:0:0:0:1]:6570',
    '[0::0001]',
    '0.0.0.0:6570',
  ])('%s is this machine', async (host, { service }) => {
    expect(await ask(service.http.url, host)).toBe('200');
  });

  test.for([
    'evil.example',
    'localhost.evil.example',
    'evil.example:6570',
    '127.0.0.1.evil.example',
    'user@localhost',
    '10.1.2.3',
    '[::2]',
    'localhost:6570:1',
  ])('%s is refused', async (host, { service }) => {
    expect(await ask(service.http.url, host)).toBe(REFUSED);
  });

  test('a prediction is refused too; the answer names the setting and does not repeat the host', async ({
    service,
  }) => {
    const answer = await sendRaw(service.http.url, {
      line: 'POST /v1/models/ad_ctr/predict HTTP/1.1',
      headers: ['host: evil.example', 'content-type: application/json'],
      body: '{}',
    });
    expect(codeOf(answer)).toBe(REFUSED);
    expect(answer.body).toContain('LARDER_ALLOWED_HOSTS');
    expect(answer.body).not.toContain('evil');
  });

  test('two Host headers are refused, whatever their values', async ({ service }) => {
    const two = (...names: string[]) =>
      sendRaw(service.http.url, {
        line: 'GET /v1/runs HTTP/1.1',
        headers: names.map((name) => `host: ${name}`),
      });
    expect(codeOf(await two('localhost', 'evil.example'))).toBe('400 REQUEST_MALFORMED');
    expect(codeOf(await two('localhost', 'localhost'))).toBe('400 REQUEST_MALFORMED');
  });

  test('probes reach /health by any address, but not by a foreign name', async ({ service }) => {
    for (const host of ['10.1.2.3:6570', '[fd00::5]:6570'])
      expect(await ask(service.http.url, host, '/health/live')).toBe('200');
    expect(await ask(service.http.url, 'evil.example', '/health/live')).toBe(REFUSED);
    expect(await ask(service.http.url, '10.1.2.3', '/health/../v1/runs')).toBe(REFUSED);
  });
});

test('LARDER_ALLOWED_HOSTS adds names, subdomains and addresses', async ({ service }) => {
  const url = await open(service, ['larder.example.com', '*.internal', '10.1.2.3', '[fd00::5]']);
  for (const host of ['Larder.example.com', 'a.b.internal', '10.1.2.3:80', '[fd00::5]', 'localhost'])
    expect([host, await ask(url, host)]).toEqual([host, '200']);
  for (const host of ['example.com', 'evil.larder.example.com', 'internal', 'xinternal', '10.1.2.4'])
    expect([host, await ask(url, host)]).toEqual([host, REFUSED]);
});

test('* allows every host', async ({ service }) => {
  const url = await open(service, ['*']);
  expect(await ask(url, 'evil.example')).toBe('200');
});

test('a service that listens on every address is reachable by each address of the machine', async ({
  service,
}) => {
  const url = (await open(service, [], '0.0.0.0')).replace('0.0.0.0', '127.0.0.1');
  expect(await ask(url, '127.0.0.1')).toBe('200');
  expect(await ask(url, 'larder.example.com')).toBe(REFUSED);
});
