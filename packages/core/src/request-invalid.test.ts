import { expect, test } from 'vitest';
import { requestInvalid } from './request-invalid.ts';

const problems = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ pointer: `/rows/${at}`, detail: 'is missing' }));

test('the first problem is the message, and how many more there are', () => {
  expect(requestInvalid(problems(1))).toMatchObject({
    code: 'REQUEST_INVALID',
    message: '/rows/0 is missing.',
    errors: problems(1),
  });
  expect(requestInvalid(problems(25)).message).toBe('/rows/0 is missing (and 24 more).');
  expect(requestInvalid([{ pointer: '', detail: 'must be an object' }]).message).toBe(
    'The body must be an object.',
  );
});

test('at most 20 problems are reported', () => {
  expect(requestInvalid(problems(20)).errors).toHaveLength(20);
  expect(requestInvalid(problems(25), 'The scope is wrong.')).toMatchObject({
    message: 'The scope is wrong.',
    errors: problems(20),
  });
});
