import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startOwnedProcess, whenReady } from '@larder/infra';

export interface RunningScript {
  /** Its address: the first line that it printed. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Runs a script of this folder that prints its address, as a child process that ends with us. */
export async function startScript(
  script: string,
  args: readonly string[],
  logFolder: string,
): Promise<RunningScript> {
  const name = script.replace(/.*\/|\.ts$/g, '');
  const logFile = join(logFolder, `${name}.log`);
  rmSync(logFile, { force: true });
  const owned = startOwnedProcess({
    name,
    command: process.execPath,
    args: [resolve(import.meta.dirname, script), ...args],
    logFile,
  });
  let url = '';
  await whenReady(owned, async () => {
    url = /^http:\S+$/m.exec(readFileSync(logFile, 'utf8'))?.[0] ?? '';
    if (url === '') throw new Error('it has not printed its address');
  });
  return { url, stop: () => owned.stop() };
}
