import { spawn } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CheckAnswer, CheckJob } from './check-job.ts';

const MODULE = fileURLToPath(new URL(`./check-process${extname(import.meta.filename)}`, import.meta.url));
const TIMEOUT_MS = 120_000;
const SHOWN_STDERR = 500;

/** Runs one check in a process of its own. A process that dies or takes two minutes is an answer too. */
export function runCheck(job: CheckJob, timeoutMs = TIMEOUT_MS): Promise<CheckAnswer> {
  const child = spawn(process.execPath, ['--expose-gc', '--disable-warning=ExperimentalWarning', MODULE], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  let timedOut = false;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-SHOWN_STDERR);
  });
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  return new Promise<CheckAnswer>((resolve) => {
    child.once('message', (answer) => resolve(answer as CheckAnswer));
    child.once('error', (error) => resolve(failed(`it could not be started: ${error.message}`)));
    child.once('close', (code, signal) => {
      const last = stderr.trim().split('\n').at(-1) ?? '';
      resolve(
        failed(
          timedOut
            ? `it took longer than ${timeoutMs / 1_000} s`
            : `it ended with ${signal ?? code}${last && `: ${last}`}`,
        ),
      );
    });
    child.send(job);
  }).finally(() => clearTimeout(timer));
}

function failed(why: string): CheckAnswer {
  return { error: { code: null, message: `the process that opens it failed: ${why}` } };
}
