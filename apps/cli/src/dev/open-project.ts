import { fork } from 'node:child_process';
import { LarderError, shellWord } from '@larder/core';
import type { ChangeCheck, ChangeResult, ChangeStores } from './change-in-place.ts';
import type { Answer, ProjectReading, Request } from './project-messages.ts';

/** The project's files at one moment, in a process that can apply them. */
export interface OpenedProject extends ProjectReading {
  /** Checks a change and stores what it needs; nothing that runs is touched. @throws as `prepareChange` */
  prepare(stores: ChangeStores): Promise<ChangeCheck>;
  /** Carries the prepared change out. No app may be running. @throws as `PreparedChange.commit` */
  commit(): Promise<ChangeResult>;
  /** Ends the process. */
  close(): void;
}

/** Reads the project again in a separate process, whose output goes to our stderr. @throws AbortError */
export async function openProject(configPath: string, signal: AbortSignal): Promise<OpenedProject> {
  const child = fork(new URL('./project-process.ts', import.meta.url), [configPath], {
    stdio: ['ignore', 2, 2, 'ipc'],
    serialization: 'advanced',
    signal,
  });
  // A process that ends while nobody waits for it is reported by the next step.
  let asking = Promise.withResolvers<Answer>();
  asking.promise.catch(() => {});
  child.on('message', (answer) => asking.resolve(answer as Answer));
  child.once('error', (error) => asking.reject(error));
  child.once('exit', (code, killedBy) => {
    const how = killedBy ?? `exit code ${code}`;
    const message = `The process that reads ${shellWord(configPath)} ended unexpectedly (${how}); see its output above.`;
    asking.reject(new LarderError('PROJECT_NOT_LOADABLE', message));
  });

  async function ask<M extends 'prepared' | 'changed'>(
    request: Request,
    member: M,
  ): Promise<Extract<Answer, Record<M, unknown>>[M]> {
    if (child.connected) {
      asking = Promise.withResolvers();
      child.send(request);
    }
    const answer = await asking.promise;
    if ('problem' in answer) {
      const { code, message, errors } = answer.problem;
      throw new LarderError(code, message, { errors });
    }
    if (!(member in answer)) throw new Error(`The answer to ${request.step} lacks ${member}.`);
    return (answer as Extract<Answer, Record<M, unknown>>)[member];
  }

  const first = await asking.promise;
  if (!('reading' in first)) throw new Error('The first message is the reading.');
  return {
    ...first.reading,
    prepare: (stores) => ask({ step: 'prepare', stores }, 'prepared'),
    commit: () => ask({ step: 'commit' }, 'changed'),
    close: () => void (child.connected && child.disconnect()),
  };
}
