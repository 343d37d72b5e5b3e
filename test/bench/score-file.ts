import { cpSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openDuckdb, textLiteral } from '@larder/archive';
import { loadedFunctions, loadProject } from '@larder/features';
import { openStateFolder, removeStateFolder } from '@larder/infra';
import { createSession } from '@larder/model-runtime';
import { loadRunner } from '@larder/serving';
import { scoreFile } from '@larder/training/score';
import { interleaved, median, type Bench } from './row.ts';
import { NUMBERS, VECTOR } from './score/larder.config.ts';
import { writeNetwork } from './score/write-network.ts';

const ROWS = 1_000_000;
const ROUNDS = 5;
const MIN_RATIO = 0.7;
/** Rows of a batch: what DuckDB gives at once. */
const BATCH = 2_048;
const WIDTH = NUMBERS + VECTOR;
const LAYERS = [WIDTH, 256, 128, 1];

const bench: Bench = {
  name: 'score-file',
  what: `rows of a Parquet file scored into another by a network ${LAYERS.join('-')}, against its bare ONNX session over the same batches in memory`,
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
      await writeNetwork(join(root, 'models/ad_ctr'), { features, layers: LAYERS });
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
      const tensor = Float32Array.from({ length: BATCH * WIDTH }, (_, at) => Math.sin(at));

      const { values, floors, ratios } = await interleaved(
        ROUNDS,
        async () => {
          const started = performance.now();
          await scoreFile(
            {
              definitions: {
                manifest: project.manifest,
                functionOf: loadedFunctions(project),
                version: 1,
              },
              openRunner: async () => runner,
            },
            { model: 'ad_ctr', path, out: join(folder, 'scores.parquet') },
          );
          return rowsPerSecond(rows, started);
        },
        async () => {
          const started = performance.now();
          for (let done = 0; done < rows; done += BATCH) {
            const size = Math.min(BATCH, rows - done);
            const data = tensor.subarray(0, size * WIDTH);
            await session.run({ features: { data, dims: [size, WIDTH] } }, ['ctr']);
          }
          return rowsPerSecond(rows, started);
        },
      );
      await Promise.all([runner.close(), session.close()]);
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

function rowsPerSecond(rows: number, startedMs: number): number {
  return rows / ((performance.now() - startedMs) / 1_000);
}

if (import.meta.main) console.table(await bench.run((message) => console.error(message)));
