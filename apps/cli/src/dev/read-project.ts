import { fork } from 'node:child_process';
import { LarderError, shellWord, type ErrorCode } from '@larder/core';
import type { Manifest } from '@larder/features';

/** The project's files at one moment. */
export interface ProjectReading {
  /** Null when the project, or one of its models, cannot be loaded. */
  readonly manifest: Manifest | null;
  readonly problem: { readonly code: ErrorCode; readonly message: string } | null;
  /** Absolute paths of the project's files and artifact folders. */
  readonly files: readonly string[];
}

/** Reads the project again in a separate process, whose output goes to our stderr. @throws AbortError */
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
      const message = `The process that reads ${shellWord(configPath)} ended unexpectedly (${how}); see its output above.`;
      reject(new LarderError('PROJECT_NOT_LOADABLE', message));
    });
  });
}
