import { appCommand, type AppName } from './stack/app-command.ts';

export type { AppName } from './stack/app-command.ts';
export { freePort } from './stack/free-port.ts';

/**
 * Replaces this process by an app: same id, same terminal, same signals, and nothing in between. Its settings are the
 * variables of `env`. Flush everything first: no handler of this process runs any more.
 */
export function becomeApp(name: AppName, env: NodeJS.ProcessEnv): never {
  const [program, ...args] = appCommand(name);
  if (process.execve === undefined) throw new Error('This operating system cannot replace a process.');
  return process.execve(program, [program, ...process.execArgv, ...args], env);
}
