import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const MAIN = resolve(import.meta.dirname, '../../../apps/cli/src/main.ts');

/** The command line on one stack, as a person would type it. @throws Error with its message when it fails */
export type Larder = (...args: readonly string[]) => Promise<string>;

export function larderOn(env: Readonly<Record<string, string>>, say: (line: string) => void): Larder {
  return async (...args) => {
    say(`$ larder ${args.map((arg) => (/^[\w@:.,/=-]+$/.test(arg) ? arg : `'${arg}'`)).join(' ')}`);
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    if (code !== 0) throw new Error(`larder ${args[0]} ended with ${code}:\n${stderr}${stdout}`);
    return stdout;
  };
}
