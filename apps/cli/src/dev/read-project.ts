import { fork } from 'node:child_process';
import { LarderError, shellWord, type ErrorCode } from '@larder/core';
import type { Manifest } from '@larder/features';

/** What the project's files say at one moment. */
export interface ProjectReading {
  /** Null when it cannot be loaded, or a model of it cannot. */
  readonly manifest: Manifest | null;
  readonly problem: { readonly code: ErrorCode; readonly message: string } | null;
  /** Absolute paths of the files and artifact folders that it is made of. */
  readonly files: readonly string[];
}

/** Reads the project anew in a process of its own, whose output goes to our stderr. @throws AbortError */
export function readProject(configPath: string, signal: AbortSignal): Promise<ProjectReading> {
  const child = fork(new URL('./read-project-process.ts', import.meta.url), [configPath], {
    stdio: ['ignore', 2, 2, 'ipc'],
    serialization: 'advanced',
    signal,
  });
  return new Promise((resolve, reject) => {
    let reading: ProjectReading | null = null;
    child.once('message', (message) => (reading = message as ProjectReading));
    child.once('error', reject);
    child.once('exit', (code, killedBy) => {
      if (reading !== null) return resolve(reading);
      const how = killedBy ?? `exit code ${code}`;
      const message = `The process that reads ${shellWord(configPath)} ended by itself (${how}); its output stands above.`;
      reject(new LarderError('PROJECT_NOT_LOADABLE', message));
    });
  });
}
