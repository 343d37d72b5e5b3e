import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { expect, inject, test, vi } from 'vitest';
import { logBrokenInside } from './broken-inside.ts';

test('the service logs where a process of its own broke, and nothing that its caller is told', async () => {
  const logger = createLogger('test', { level: 'silent' });
  const logged = vi.spyOn(logger, 'error');
  const script = join(inject('testFolder'), 'broken.mts');
  writeFileSync(
    script,
    `import { brokenInside } from ${JSON.stringify(join(import.meta.dirname, 'broken-inside.ts'))};
     import { LarderError } from '@larder/core';
     process.send({ error: {}, ...brokenInside(new LarderError('SPINE_INVALID', 'told')) });
     process.send({ error: {}, ...brokenInside(new TypeError('no such property')) });`,
  );
  const child = fork(script);
  logBrokenInside(child, logger, 'comparison');
  await once(child, 'close');
  expect(logged.mock.calls).toEqual([
    [
      { work: 'comparison', stack: expect.stringMatching(/^TypeError: no such property\n +at /) },
      'A process of the service broke inside',
    ],
  ]);
});
