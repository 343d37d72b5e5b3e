import { LarderError } from '@larder/core';
import { expect, test } from 'vitest';
import { createFailureLog } from './failure-log.ts';

function open(level: 'info' | 'debug' = 'info') {
  const lines: object[] = [];
  const at = (of: string) => (fields: object) => void lines.push({ level: of, ...fields });
  const logger = {
    error: at('error'),
    warn: at('warn'),
    debug: at('debug'),
    isLevelEnabled: () => level === 'debug',
  };
  return { lines, failures: createFailureLog({ logger, maxPerSecond: 3, windowMs: 3_600_000 }) };
}

const away = new LarderError('ONLINE_STORE_UNAVAILABLE', 'Redis is down.');
test('a burst of failures is logged as a few lines and one count per code', () => {
  const { lines, failures } = open();
  for (let i = 0; i < 1_000; i++) failures.write(away, `request-${i}`);
  failures.write(new LarderError('MODEL_RUN_FAILED', 'The model threw.'), 'last');
  expect(lines).toEqual(
    [0, 1, 2].map((i) => ({ level: 'warn', code: away.code, request_id: `request-${i}`, err: away })),
  );
  failures.close();
  expect(lines.at(-1)).toMatchObject({
    level: 'warn',
    suppressed: { ONLINE_STORE_UNAVAILABLE: 997, MODEL_RUN_FAILED: 1 },
  });
  failures.close();
  expect(lines).toHaveLength(4);
  failures.write(away, 'again');
  expect(lines.at(-1)).toMatchObject({ request_id: 'again' });
  failures.close();
});

test('a bug is logged as an error with its cause', () => {
  const { lines, failures } = open();
  failures.write(
    new LarderError('ON_DEMAND_FAILED', 'moment threw.', { cause: new Error('no such month') }),
    'r',
  );
  expect(lines[0]).toMatchObject({
    level: 'error',
    code: 'ON_DEMAND_FAILED',
    err: { cause: { message: 'no such month' } },
  });
  failures.close();
});

test('a mistake of the caller is logged at debug only and is not counted', () => {
  const wrong = new LarderError('REQUEST_INVALID', 'Wrong.');
  const quiet = open();
  for (let i = 0; i < 10; i++) quiet.failures.write(wrong, 'r');
  quiet.failures.write(away, 'r');
  expect(quiet.lines).toMatchObject([{ level: 'warn', code: 'ONLINE_STORE_UNAVAILABLE' }]);
  const loud = open('debug');
  loud.failures.write(wrong, 'r');
  expect(loud.lines).toMatchObject([{ level: 'debug' }]);
  for (const { failures } of [quiet, loud]) failures.close();
});
