import { cpSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openDuckdb, textLiteral } from '@larder/archive';
import { loadedFunctions, loadProject } from '@larder/features';
import { openStateFolder, removeStateFolder } from '@larder/infra';
import { createSession, type ModelRunner } from '@larder/model-runtime';
import { loadRunner } from '@larder/serving';
import { scoreFile } from '@larder/training/score';
import { interleaved, median, type Bench } from './row.ts';
import { NUMBERS, VECTOR } from './score/larder.config.ts';
import { writeTrees } from './score/write-trees.ts';

const ROWS = 1_000_000;
const ROUNDS = 5;
const MIN_RATIO = 0.7;
const WIDTH = NUMBERS + VECTOR;
const TREES = 200;
const DEPTH = 6;

const bench: Bench = {
  name: 'score-file',
  what: `rows of a Parquet file scored into another by ${TREES} gradient-boosted trees, against its bare ONNX session over the same batches in memory`,
  async run(progress, { rows = ROWS } = {}) {
    const state = openStateFolder(resolve(import.meta.dirname, '../..'), `bench-${process.pid}`);
    const folder = state.path;
    try {
      const root = join(folder, 'project');
      mkdirSync(root);
      cpSync(join(import.meta.dirname, 'score/larder.config.ts'), join(root, 'larder.config.ts'));
      const features = [
        ...Array.from({ length: NUMBERS }, (_, i) => `ad_numbers:n${i}`),
        'ad_numbers:embedding',
      ];
      await writeTrees(join(root, 'models/ad_ctr'), { features, width: WIDTH, trees: TREES, depth: DEPTH });
      const project = await loadProject(join(root, 'larder.config.ts'));
      const path = join(folder, 'rows.parquet');
      await writeRows(path, rows);
      progress(`${rows} rows written`);

      const model = project.manifest.models['ad_ctr'];
      if (model === undefined) throw new Error('The project has no model.');
      const artifact = join(root, 'models/ad_ctr');
      const runner = await loadRunner({
        folder: artifact,
        model,
        width: WIDTH,
        tensors: null,
        placement: 'inline',
      });
      const session = await createSession({ modelPath: join(artifact, 'model.onnx') });
      const score = (using: Pick<ModelRunner, 'run' | 'inputs' | 'placement'>) =>
        scoreFile(
          {
            definitions: { manifest: project.manifest, functionOf: loadedFunctions(project), version: 1 },
            openRunner: async () => using,
          },
          { model: 'ad_ctr', path, out: join(folder, 'scores.parquet') },
        );
      const batches: Float32Array[] = [];
      await score({
        ...runner,
        async run(feed, size) {
          batches.push((feed as Float32Array).slice());
          return runner.run(feed, size);
        },
      });

      const cpu = { scored: [] as number[], bare: [] as number[] };
      const { values, floors, ratios } = await interleaved(
        ROUNDS,
        async () => {
          const clock = startClock();
          await score(runner);
          cpu.scored.push(clock.cpuMs());
          return clock.rowsPerSecond(rows);
        },
        async () => {
          const clock = startClock();
          for (const data of batches)
            await session.run({ features: { data, dims: [data.length / WIDTH, WIDTH] } }, ['ctr']);
          cpu.bare.push(clock.cpuMs());
          return clock.rowsPerSecond(rows);
        },
      );
      await Promise.all([runner.close(), session.close()]);
      progress(
        `CPU: ${Math.round(median(cpu.scored))} ms of all threads, the bare session ${Math.round(median(cpu.bare))} ms`,
      );
      progress(`at most ${Math.round(process.resourceUsage().maxRSS / 1_024)} MiB in this process`);
      const ratio = median(ratios);
      return [
        {
          name: 'score-file',
          value: median(values),
          unit: 'rows/s',
          floor: median(floors),
          ratio,
          target: `≥ ${MIN_RATIO} × its rows/s`,
          ok: ratio >= MIN_RATIO,
        },
      ];
    } finally {
      removeStateFolder(state);
    }
  },
};

export default bench;

async function writeRows(path: string, rows: number): Promise<void> {
  const duckdb = await openDuckdb({ folders: [join(path, '..')] });
  const numbers = Array.from(
    { length: NUMBERS },
    (_, i) =>
      `case when hash(i, ${i}) % 20 = 0 then null else sin(i + ${i}) end::float as "ad_numbers:n${i}"`,
  );
  const vector = Array.from({ length: VECTOR }, (_, i) => `cos(i + ${i})::float`).join(', ');
  await duckdb.run(
    `copy (select 'ad-' || i as ad_id, i as campaign, ${numbers.join(', ')}, [${vector}] as "ad_numbers:embedding"
      from range(${rows}) t(i)) to ${textLiteral(path)} (format parquet)`,
  );
  await duckdb.close();
}

function startClock() {
  const [started, used] = [performance.now(), process.cpuUsage()];
  return {
    rowsPerSecond: (rows: number) => rows / ((performance.now() - started) / 1_000),
    cpuMs() {
      const { user, system } = process.cpuUsage(used);
      return (user + system) / 1_000;
    },
  };
}

if (import.meta.main) console.table(await bench.run((message) => console.error(message)));
