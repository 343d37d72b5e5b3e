import { extname } from 'node:path';
import { appCommand, type AppName } from './stack/app-command.ts';

export type { AppName } from './stack/app-command.ts';
export { freePort } from './stack/free-port.ts';

/** Nobody who is started by npm outlives it unasked; everybody else may be left behind on purpose (`nohup`). */
function endsWithParent(): string[] {
  if (process.env['npm_command'] === undefined || process.ppid === 1) return [];
  const module = new URL(`./end-with-parent${extname(import.meta.filename)}`, import.meta.url);
  module.search = `?pid=${process.pid}&parent=${process.ppid}`;
  return ['--import', module.href];
}

/**
 * Replaces this process by an app: same id, same terminal, same signals, and nothing in between. Its settings are the
 * variables of `env`. Flush everything first: no handler of this process runs any more.
 */
export function becomeApp(name: AppName, env: NodeJS.ProcessEnv): never {
  const [program, ...args] = appCommand(name);
  if (process.execve === undefined) throw new Error('This operating system cannot replace a process.');
  return process.execve(program, [program, ...process.execArgv, ...endsWithParent(), ...args], env);
}
