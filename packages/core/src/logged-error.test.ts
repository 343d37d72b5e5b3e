import { expect, test } from 'vitest';
import { LarderError } from './errors.ts';
import { loggedError } from './logged-error.ts';

// As ioredis and pg throw them: with arguments of the command, and values of rows.
const reply = Object.assign(new Error('WRONGTYPE Operation against a key'), {
  command: { name: 'hset', args: ['larder:shop:{ad:ad-secret}', Buffer.from('ad-secret')] },
});
const database = Object.assign(new Error('duplicate key value violates unique constraint "ads_pkey"'), {
  code: '23505',
  severity: 'ERROR',
  constraint: 'ads_pkey',
  detail: 'Key (ad_id)=(ad-secret) already exists.',
  where: 'COPY ads, line 3: "ad-secret"',
});

test.for([
  ['of Redis', reply],
  ['of PostgreSQL', database],
  ['with a cause', new LarderError('INTERNAL', 'It failed.', { cause: reply })],
  ['of several', new AggregateError([reply, database], 'Both failed')],
  ['with another inside', Object.assign(new Error('outer'), { inner: reply, code: 'ad-ok' })],
] as const)('an error %s is logged without keys and values', ([, error]) => {
  const text = JSON.stringify(loggedError(error));
  expect(text).toContain(error.message.replaceAll('"', '\\"'));
  expect(text).not.toContain('secret');
  expect(text).not.toContain(JSON.stringify(Buffer.from('ad-secret').toJSON().data));
});

test('code, constraint and the causes stay, and what is no error', () => {
  expect(loggedError(database)).toMatchObject({
    type: 'Error',
    code: '23505',
    severity: 'ERROR',
    constraint: 'ads_pkey',
    stack: expect.stringContaining('logged-error.test.ts') as string,
  });
  expect(loggedError(new LarderError('INTERNAL', 'It failed.', { cause: reply }))).toMatchObject({
    message: 'It failed.: WRONGTYPE Operation against a key',
    code: 'INTERNAL',
  });
  expect(loggedError(new AggregateError([reply], 'All failed'))).toMatchObject({
    aggregateErrors: [{ message: reply.message }],
  });
  expect(loggedError({ message: 'm', code: 'c', detail: 'ad-secret' })).toEqual({ message: 'm', code: 'c' });
  expect(loggedError('text')).toBe('text');
});
