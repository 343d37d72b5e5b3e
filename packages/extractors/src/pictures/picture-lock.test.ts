import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { releaseLock, takeLock } from './picture-lock.ts';

const STALE_MS = 15_000;
let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'larder-lock-'));
  lock = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('one holds it until it is released', () => {
  const token = takeLock(lock, STALE_MS);
  expect(token).not.toBeNull();
  expect(takeLock(lock, STALE_MS)).toBeNull();
  releaseLock(lock, token as string);
  expect(takeLock(lock, STALE_MS)).not.toBeNull();
});

test('a slow owner does not release the lock of the one who took it over', () => {
  const slow = takeLock(lock, STALE_MS) as string;
  utimesSync(lock, new Date(0), new Date(0));
  expect(takeLock(lock, STALE_MS)).toBeNull();
  const next = takeLock(lock, STALE_MS) as string;
  releaseLock(lock, slow);
  expect(takeLock(lock, STALE_MS)).toBeNull();
  releaseLock(lock, next);
  expect(readdirSync(folder)).toEqual([]);
});

/** Takes the lock in its own process whenever it finds it stale or free, and says so. */
const CONTENDER = `
  const { takeLock } = await import(process.argv[2]);
  process.on('message', (lock) => {
    let token = null;
    for (let tries = 0; tries < 200 && token === null; tries++) token = takeLock(lock, ${STALE_MS});
    process.send(token !== null);
  });
  process.send('ready');`;

test('of those who find it stale at the same time one takes it', { timeout: 60_000 }, async () => {
  const script = join(folder, 'contender.mjs');
  writeFileSync(script, CONTENDER);
  const contenders: ChildProcess[] = [];
  try {
    for (let at = 0; at < 4; at++)
      contenders.push(fork(script, [join(import.meta.dirname, 'picture-lock.ts')], { execArgv: [] }));
    await Promise.all(contenders.map((contender) => once(contender, 'message')));
    for (let round = 0; round < 100; round++) {
      const contended = join(folder, `${round}`);
      writeFileSync(contended, 'killed');
      utimesSync(contended, new Date(0), new Date(0));
      const answers = contenders.map((contender) => once(contender, 'message'));
      for (const contender of contenders) contender.send(contended);
      const owners = (await Promise.all(answers)).filter(([took]) => took === true);
      expect(owners, `round ${round}`).toHaveLength(1);
    }
  } finally {
    for (const contender of contenders) contender.kill();
  }
});
