import { expect, test } from 'vitest';
import { readSettings } from './read-settings.ts';
import { webhookAddress } from './webhook-address.ts';

const NAMES = ['LARDER_WEBHOOK_URL', 'LARDER_WEBHOOK_SECRET', 'LARDER_WEBHOOK_PRIVATE_ADDRESSES'] as const;
const read = (env: Record<string, string>) => webhookAddress(readSettings(env, NAMES));
const SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;

test('a webhook has an address and a secret, or nothing', () => {
  expect(read({})).toBeNull();
  expect(read({ LARDER_WEBHOOK_URL: 'https://hooks.example.com/a', LARDER_WEBHOOK_SECRET: SECRET })).toEqual({
    url: 'https://hooks.example.com/a',
    secret: SECRET,
    privateAddresses: false,
  });
  expect(() => read({ LARDER_WEBHOOK_URL: 'https://hooks.example.com/a' })).toThrow(
    'LARDER_WEBHOOK_SECRET is missing; LARDER_WEBHOOK_URL is set',
  );
  expect(() => read({ LARDER_WEBHOOK_SECRET: SECRET })).toThrow('LARDER_WEBHOOK_URL is missing');
});

test.each([
  ['LARDER_WEBHOOK_URL', 'ftp://a', 'must be a URL that starts with https://'],
  ['LARDER_WEBHOOK_URL', 'https://a:b@c', 'must not hold a user name'],
  ['LARDER_WEBHOOK_SECRET', 'secret', 'must be whsec_ and at least 24 bytes'],
  ['LARDER_WEBHOOK_SECRET', 'whsec_c2hvcnQ=', 'must be whsec_ and at least 24 bytes'],
])('%s=%s is refused, and not repeated', (name, value, problem) => {
  const message = messageOf(() => read({ [name]: value }));
  expect(message).toContain(problem);
  expect(message).not.toContain(value);
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return String(error);
  }
  return '';
}
