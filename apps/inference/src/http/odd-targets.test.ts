import { expect } from 'vitest';
import { body } from '../testing/ads.ts';
import { test } from '../testing/inference-test.ts';
import { codeOf, sendRaw } from '../testing/raw-http.ts';

const PREDICT = '/v1/models/ad_ctr/predict';
const JSON_BODY = {
  headers: ['host: localhost', 'content-type: application/json'],
  body: JSON.stringify(body('ad-1')),
};

test('the absolute form of a target is accepted (RFC 9112, 3.2.2)', async ({ service }) => {
  const { url } = service.http;
  for (const target of [`${url}${PREDICT}`, `HTTP://localhost${PREDICT}`, `http://localhost:1${PREDICT}/`])
    expect([target, codeOf(await sendRaw(url, { line: `POST ${target} HTTP/1.1`, ...JSON_BODY }))]).toEqual([
      target,
      '200',
    ]);
  expect(codeOf(await sendRaw(url, { line: `GET ${url}/v1/runs?limit=1 HTTP/1.1` }))).toBe('200');
  expect(codeOf(await sendRaw(url, { line: `GET ${url} HTTP/1.1` }))).toBe('404 ROUTE_NOT_FOUND');
});

test('its authority takes precedence over the Host header', async ({ service }) => {
  const { url } = service.http;
  const foreign = { line: 'GET http://evil.example/v1/runs HTTP/1.1' };
  expect(codeOf(await sendRaw(url, foreign))).toBe('421 HOST_NOT_ALLOWED');
  const misled = { line: `GET ${url}/v1/runs HTTP/1.1`, headers: ['host: evil.example'] };
  expect(codeOf(await sendRaw(url, misled))).toBe('200');
});

test.for(['/v1/models/ad_ctr/predict#top', '/v1/runs#1', '#', 'http://localhost/v1/runs#1', '*', 'v1/runs'])(
  '%s is not a target',
  async (target, { service }) => {
    const answer = await sendRaw(service.http.url, { line: `POST ${target} HTTP/1.1`, ...JSON_BODY });
    expect(codeOf(answer)).toBe('400 REQUEST_MALFORMED');
  },
);
