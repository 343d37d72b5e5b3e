import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { resolve } from 'node:path';
import type { Stack } from '@larder/infra/stack';
import { line } from './terminal.ts';

const CLI = resolve(import.meta.dirname, '../../../apps/cli/src/main.ts');

/** Runs the command line on the stack, as a person would type it, and shows what it prints. */
export function larder(stack: Stack, ...args: readonly string[]): SpawnSyncReturns<string> {
  const shown = spawnSync(process.execPath, [CLI, ...args], {
    env: { ...process.env, ...stack.env },
    encoding: 'utf8',
    timeout: 30_000,
  });
  line((shown.stdout + shown.stderr).trimEnd());
  return shown;
}
