import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startOwnedProcess } from './owned-process.ts';

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
