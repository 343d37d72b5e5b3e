import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { openStateFolder, removeStateFolder, startEmbeddedPostgres } from '@larder/infra';
import { VIEWS, writeLargeProject } from './apply/write-large-project.ts';
import { median, type Bench, type BenchRow } from './row.ts';

const ROUNDS = 5;
const TARGET_MS = 2_000;
const root = resolve(import.meta.dirname, '../..');

/** Wall time of `larder plan` and `larder apply` as a user runs them, start of the process included. */
const bench: Bench = {
  name: 'apply-300',
  what: `plan and apply of ${VIEWS} views and 100 on-demand functions without changes`,
  async run(progress): Promise<BenchRow[]> {
    const folder = openStateFolder(root, `bench-${process.pid}`);
    const postgres = await startEmbeddedPostgres(folder);
    try {
      await postgres.createDatabase('large');
      const projectPath = await writeLargeProject(join(folder.path, 'large'));
      const env = { ...process.env, LARDER_PROJECT: projectPath, LARDER_DATABASE_URL: postgres.url('large') };
      const larder = (...args: readonly string[]): number => {
        const start = performance.now();
        const main = join(root, 'apps/cli/src/main.ts');
        const done = spawnSync(process.execPath, [main, ...args], {
          encoding: 'utf8',
          env,
          cwd: folder.path,
        });
        if (done.status !== 0) throw new Error(`larder ${args.join(' ')}: ${done.stderr}${done.stdout}`);
        return performance.now() - start;
      };
      progress(`first apply ${larder('apply', '--yes').toFixed(0)} ms`);
      const rounds = Array.from({ length: ROUNDS }, () => ({ plan: larder('plan'), apply: larder('apply') }));
      return [
        row('apply-300', median(rounds.map(({ apply }) => apply)), 'ms of larder apply'),
        row('apply-300-plan', median(rounds.map(({ plan }) => plan)), 'ms of larder plan'),
      ];
    } finally {
      await postgres.stop();
      removeStateFolder(folder);
    }
  },
};

export default bench;

function row(name: string, value: number, unit: string): BenchRow {
  return {
    name,
    value,
    unit,
    floor: null,
    ratio: null,
    target: `≤ ${TARGET_MS.toLocaleString('en-US')} ms`,
    ok: value <= TARGET_MS,
  };
}
