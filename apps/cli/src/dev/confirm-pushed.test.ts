import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { shellWord } from '@larder/core';
import { expect, test } from 'vitest';

const ASKING = resolve(import.meta.dirname, '../../fixtures/confirm-pushed.ts');
/** `script` of util-linux runs a command on a pseudo terminal. */
const noTerminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status !== 0;

/** What a person sees who types this once they are asked. */
async function typed(answer: string): Promise<string> {
  const command = `${shellWord(process.execPath)} ${shellWord(ASKING)}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const before = shown;
    shown += text;
    if (!before.includes('Type yes') && shown.includes('Type yes')) child.stdin.write(answer);
  });
  await once(child, 'close');
  return shown;
}

test.skipIf(noTerminal).for([
  ['yes\r', 'confirmed'],
  ['y\r', 'refused: DESTRUCTIVE_CHANGE'],
  ['\r', 'refused: DESTRUCTIVE_CHANGE'],
  ['\u0003', 'refused: DESTRUCTIVE_CHANGE'],
  ['\u0004', 'refused: DESTRUCTIVE_CHANGE'],
] as const)('on a terminal, %j: %s', async ([answer, outcome]) => {
  const shown = await typed(answer);
  expect(shown).toContain('clicks@1 holds 7 pushed rows');
  expect(shown).toContain(outcome);
});

test('where nobody can be asked nothing is set aside', () => {
  const { stdout, stderr } = spawnSync(process.execPath, [ASKING], { encoding: 'utf8', input: 'yes\n' });
  expect(stderr).not.toContain('Type yes');
  expect(stdout).toBe('refused: DESTRUCTIVE_CHANGE\n');
});
