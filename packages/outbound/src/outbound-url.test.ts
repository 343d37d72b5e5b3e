import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { OutboundReason } from './outbound-error.ts';
import { outboundUrl, redirectTarget, shown } from './outbound-url.ts';

const failure = (reason: OutboundReason, message: RegExp = /./) =>
  expect.objectContaining({ reason, message: expect.stringMatching(message) });
const answer = (statusCode: number | undefined, location?: string) =>
  ({ statusCode, headers: { location } }) as IncomingMessage;
const HERE = new URL('https://cdn.example.com/a/b.jpg?signature=secret');

describe('an address', () => {
  test.each(['http://cdn.example.com/a.jpg', 'https://cdn.example.com:8443/?q', 'HTTP://CDN.example.com'])(
    'is taken: %s',
    (address) => {
      expect(outboundUrl(address).href).toBe(new URL(address).href);
    },
  );

  test.each([
    'file:///a',
    'ftp://a/b',
    'data:,x',
    'http://user@a/',
    'http://:word@a/',
    'a.jpg',
    '',
    'http://',
  ])('is refused: %s', (address) => {
    expect(() => outboundUrl(address)).toThrow(failure('url_invalid'));
  });
});

describe('an answer', () => {
  test.each([301, 302, 303, 307, 308])('%d redirects to its location', (status) => {
    expect(redirectTarget(answer(status, 'https://b.example/c'), HERE)?.href).toBe('https://b.example/c');
    expect(redirectTarget(answer(status, '../d'), HERE)?.href).toBe('https://cdn.example.com/d');
  });

  test.each([200, 206, 300, 304, 305, 306, 309, 404, 500, undefined])('%d leads nowhere', (status) => {
    expect(redirectTarget(answer(status, 'https://b.example/c'), HERE)).toBeNull();
  });

  test.each([undefined, 'https://'])('a redirect to %s is refused, without the query', (location) => {
    expect(() => redirectTarget(answer(302, location), HERE)).toThrow(
      failure('redirect_refused', /^https:\/\/cdn\.example\.com\/a\/b\.jpg redirects without/),
    );
  });

  test.each(['file:///etc/passwd', 'data:,x', 'https://user@b.example/', 'https://:word@b.example/'])(
    'a redirect to %s is refused',
    (location) => {
      expect(() => redirectTarget(answer(302, location), HERE)).toThrow(
        failure('redirect_invalid', /^https:\/\/cdn\.example\.com\/a\/b\.jpg redirects to/),
      );
    },
  );

  test('may lead from http to https, not back', () => {
    const plain = new URL('http://cdn.example.com/');
    expect(redirectTarget(answer(301, 'https://cdn.example.com/'), plain)?.protocol).toBe('https:');
    expect(redirectTarget(answer(301, '/b'), plain)?.protocol).toBe('http:');
    expect(() => redirectTarget(answer(301, 'http://b.example/c?signature=secret'), HERE)).toThrow(
      failure('redirect_refused', /b\.jpg redirects from https to http:\/\/b\.example\/c$/),
    );
  });
});

test('an address is shown without its query, its first 200 characters', () => {
  expect(shown(HERE)).toBe('https://cdn.example.com/a/b.jpg');
  const path = (length: number) =>
    new URL(`http://a.example/${'x'.repeat(length - 'http://a.example/'.length)}`);
  expect(shown(path(200))).toBe(path(200).href);
  expect(shown(path(201))).toBe(`${path(201).href.slice(0, 200)}…`);
});
