import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startOwnedProcess, whenReady } from './owned-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'larder-owned-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const logFile = join(folder, 'speaker.log');

async function speak(word: string): Promise<void> {
  const args = ['-e', `console.log(${JSON.stringify(word)})`];
  await startOwnedProcess({ name: 'speaker', command: process.execPath, args, logFile }).exited;
}

test('a log is appended to, and put aside at a start once it is large', async () => {
  await speak('one');
  await speak('two');
  expect(readFileSync(logFile, 'utf8')).toBe('one\ntwo\n');
  for (const round of ['three', 'four']) {
    writeFileSync(logFile, 'x'.repeat(10_000_001));
    await speak(round);
    expect(readFileSync(logFile, 'utf8')).toBe(`${round}\n`);
    expect(statSync(`${logFile}.1`).size).toBe(10_000_001);
  }
});

test.for([
  [
    'an app',
    `console.log('{"msg":"starting"}'); console.error('REDIS_POLICY_WRONG: it evicts.\\nRun this.')`,
    'it evicts.\nRun this.\nit did not start. Its log: ',
  ],
  [
    'an app whose buffered log follows the reason',
    `console.error('REDIS_POLICY_WRONG: it evicts.'); console.log('{"msg":"late"}')`,
    'it evicts.\nit did not start. Its log: ',
  ],
  [
    'an app with a defect',
    `console.log('{"msg":"starting"}'); null.x`,
    "it ended while starting: TypeError: Cannot read properties of null (reading 'x')\nIts log: ",
  ],
  [
    'PostgreSQL',
    `console.log('2026-11-28 LOG:  starting\\n2026-11-28 FATAL:  no room\\n2026-11-28 LOG:  shut down')`,
    'it ended while starting: no room\nIts log: ',
  ],
  ['an app that says nothing', `console.log('{"msg":"starting"}')`, 'it ended while starting.\nIts log: '],
] as const)(
  '%s that ends while starting: the reason first, then where the log is',
  async ([, script, reason]) => {
    const file = join(folder, 'ends early.log');
    writeFileSync(file, 'FATAL: of an earlier run\n');
    const owned = startOwnedProcess({
      name: 'it',
      command: process.execPath,
      args: ['-e', script],
      logFile: file,
    });
    await expect(whenReady(owned, () => Promise.reject(new Error('not yet')))).rejects.toThrow(
      expect.objectContaining({ message: `${reason}'${file}'` }),
    );
  },
);
