import { isMainThread } from 'node:worker_threads';

/*
 * Preloaded into an app that npm started (`npx larder serve`): npm hands a SIGTERM to the shell between them, and the shell
 * dies without handing it on. When the parent is gone, the app gets a SIGTERM, as if npm had.
 * The query names the process and its parent: threads and child processes of the app inherit the preload, and do nothing.
 */
const POLL_MS = 500;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

const { searchParams } = new URL(import.meta.url);
const parent = Number(searchParams.get('parent'));

if (isMainThread && process.pid === Number(searchParams.get('pid'))) {
  const timer = setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, POLL_MS);
  timer.unref();
  for (const signal of SIGNALS)
    process.once(signal, () => {
      // A second signal would end the app at once.
      clearInterval(timer);
      // Until the app listens itself, the signal ends it, as without this listener.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
}
