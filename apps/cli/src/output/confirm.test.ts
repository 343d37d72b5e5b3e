import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { shellWord } from '@larder/core';
import { expect, test } from 'vitest';

const ASKING = resolve(import.meta.dirname, '../../fixtures/confirm-apply.ts');
/** `script` of util-linux runs a command on a pseudo terminal. */
const noTerminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status !== 0;

test.skipIf(noTerminal).for([
  ['the name', 'shop\r', 'Outcome: confirmed'],
  ['another word', 'yes\r', 'Outcome: refused'],
  ['an empty line', '\r', 'Outcome: refused'],
  ['Ctrl-C', '\u0003', 'Outcome: refused'],
  ['Ctrl-D', '\u0004', 'Outcome: refused'],
  ['SIGTERM', null, 'Outcome: refused'],
] as const)('a terminal that answers with %s', async ([, answer, outcome]) => {
  const command = `exec ${shellWord(process.execPath)} ${shellWord(ASKING)}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  let asked = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    if (asked || !shown.includes('(shop): ')) return;
    asked = true;
    if (answer !== null) child.stdin.write(answer);
    else process.kill(Number(/Process (\d+)/.exec(shown)?.[1]), 'SIGTERM');
  });
  await once(child, 'close');
  expect(shown).toContain('remove model rank');
  expect(shown).toContain(outcome);
});
