#!/usr/bin/env node
import { keepCompiledCode } from './keep-compiled-code.ts';

keepCompiledCode();
const { runProgram } = await import('./program.ts');

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    // A second Ctrl-C means: do not wait.
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort();
  });
// `larder entities ad | head`: the reader ends first
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

process.exitCode = await runProgram({
  argv: process.argv.slice(2),
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stopping.signal,
});
