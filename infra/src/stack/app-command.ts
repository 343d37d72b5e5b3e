import { extname, join, resolve } from 'node:path';

export type AppName = 'inference' | 'worker';

const APPS = resolve(import.meta.dirname, '../../../apps');
/** Options of Node.js. */
const FLAGS: Readonly<Record<AppName, readonly string[]>> = {
  inference: [],
  // Rows live as long as their chunk: larger semi-spaces only copy them, and let 100 MB more accumulate.
  worker: ['--max-semi-space-size=8'],
};

/** The command line that starts an app; its settings come from the environment. */
export function appCommand(name: AppName): readonly [program: string, ...args: string[]] {
  return [process.execPath, ...FLAGS[name], join(APPS, name, 'src', `main${extname(import.meta.filename)}`)];
}
