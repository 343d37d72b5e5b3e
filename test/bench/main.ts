import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Bench, BenchRow } from './row.ts';

/** Benchmarks in the order of the table; each is imported when its turn comes. */
const BENCHES: Readonly<Record<string, () => Promise<{ default: Bench }>>> = {
  'predict-1': () => import('./predict-1.ts'),
  'predict-windowed': () => import('./predict-windowed.ts'),
  'auth-cost': () => import('./auth-cost.ts'),
  'log-cost': () => import('./log-cost.ts'),
  'predict-batch-500': () => import('./predict-batch-500.ts'),
  'rank-500': () => import('./rank-500.ts'),
  'watchers-1000': () => import('./watchers-1000.ts'),
  'hybrid-vs-inline': () => import('./hybrid-vs-inline.ts'),
  'embedding-backfill': () => import('./embedding-backfill.ts'),
  'rerun-unchanged': () => import('./rerun-unchanged.ts'),
  'text-backfill': () => import('./text-backfill.ts'),
  'ocr-accuracy': () => import('./ocr-accuracy.ts'),
  'materialize-1m': () => import('./materialize-1m.ts'),
  'feed-cost': () => import('./feed-cost.ts'),
  'push-10k': () => import('./push-10k.ts'),
  'push-to-online': () => import('./push-to-online.ts'),
  'window-events': () => import('./window-events.ts'),
  'bytes-per-entity': () => import('./bytes-per-entity.ts'),
  'rolling-deploy': () => import('./rolling-deploy.ts'),
  'rolling-restart': () => import('./rolling-restart.ts'),
  promote: () => import('./promote.ts'),
  'memory-ceiling': () => import('./memory-ceiling.ts'),
  'pit-500k-5m': () => import('./pit-500k-5m.ts'),
  'pit-5-views': () => import('./pit-5-views.ts'),
  'pit-vs-textbook': () => import('./pit-vs-textbook.ts'),
  'pit-duckdb': () => import('./pit-duckdb.ts'),
  'score-file': () => import('./score-file.ts'),
  'training-set-memory': () => import('./training-set-memory.ts'),
  'history-ingest': () => import('./history-ingest.ts'),
  forget: () => import('./forget.ts'),
  restore: () => import('./restore.ts'),
  'recovery-drill': () => import('./recovery-drill.ts'),
  'apply-300': () => import('./apply-300.ts'),
  'cli-start': () => import('./cli-start.ts'),
  'cold-start': () => import('./cold-start.ts'),
};

const USAGE = `usage: npm run bench -- [NAME …] [--json] [--rows N]

Each row compares with a floor measured in the same run on the same stores, in turn, and prints the median ratio.
--rows: a smaller load for a quick look, where the name says a load.
Names: ${Object.keys(BENCHES).join(', ')}`;

const { values: options, positionals } = parseOptions();
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
const chosen = [...positionals, ...(options.only ?? [])];
const names = chosen.length > 0 ? chosen : Object.keys(BENCHES);
const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) {
  console.error(`There is no benchmark '${unknown}'.\n\n${USAGE}`);
  process.exit(2);
}

const rows: BenchRow[] = [];
for (const name of names) {
  const bench = (await BENCHES[name]?.())?.default as Bench;
  console.error(`${bench.name}: ${bench.what}`);
  const measured = await bench.run(
    (message) => console.error(`  ${message}`),
    options.rows === undefined ? {} : { rows: Number(options.rows) },
  );
  rows.push(...measured);
  if (options.json) for (const row of measured) console.log(JSON.stringify(row));
}
if (!options.json) console.log(table(rows));
process.exit(rows.some((row) => row.ok === false) ? 1 : 0);

function parseOptions() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        only: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        rows: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

/** Markdown, as `docs/benchmarks.md` shows it. */
function table(measured: readonly BenchRow[]): string {
  const cells = measured.map((row) => [
    `\`${row.name}\``,
    `${show(row.value)} ${row.unit}`,
    row.floor === null ? '' : show(row.floor),
    row.ratio === null ? '' : show(row.ratio),
    row.target,
    row.ok === null ? `not judged: ${row.note ?? ''}` : row.ok ? 'yes' : '**no**',
  ]);
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}, load ${loadavg()[0]?.toFixed(2)} at the end`;
  const lines = [
    ['name', 'value', 'floor', 'ratio', 'target', 'ok'],
    ['---', '---', '---', '---', '---', '---'],
    ...cells,
  ];
  return `\n${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}\n\n${machine}`;
}

function show(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en-US') : Number(value.toPrecision(3)).toString();
}
