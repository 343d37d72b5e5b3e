import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { emit } from '../../packages/larderjs/build/emit.ts';
import { median, type Bench } from './row.ts';

const ROUNDS = 15;
const TARGET_MS = 300;
const root = resolve(import.meta.dirname, '../..');

/** Wall time of `larder --help`: of the published JavaScript and, for comparison, of the sources as they run here. */
const bench: Bench = {
  name: 'cli-start',
  what: 'wall time of larder --help',
  async run(progress) {
    const folder = mkdtempSync(join(tmpdir(), 'larder-cli-start-'));
    try {
      emit(join(folder, 'dist'));
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      const built = join(folder, 'dist/apps/cli/src/main.js');
      const source = join(root, 'apps/cli/src/main.ts');
      const times: Record<'built' | 'source' | 'node', number[]> = { built: [], source: [], node: [] };
      for (let round = -1; round < ROUNDS; round++) {
        const measured = {
          built: help(built, '--help'),
          source: help(source, '--help'),
          node: help('-e', '0'),
        };
        if (round < 0) continue;
        for (const name of ['built', 'source', 'node'] as const) times[name].push(measured[name]);
      }
      progress(
        `from source ${median(times.source).toFixed(0)} ms, node alone ${median(times.node).toFixed(0)} ms`,
      );
      const value = median(times.built);
      return [
        {
          name: 'cli-start',
          value,
          unit: 'ms',
          floor: median(times.node),
          ratio: null,
          target: `≤ ${TARGET_MS} ms`,
          ok: value <= TARGET_MS,
        },
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

export default bench;

/** Milliseconds. */
function help(...args: readonly string[]): number {
  const start = performance.now();
  const done = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`node ${args.join(' ')} ended with ${done.status}: ${done.stderr}`);
  return performance.now() - start;
}
