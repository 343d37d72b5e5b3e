import { rename, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import {
  describeColumns,
  openColumnAppender,
  openDuckdb,
  quotedName,
  textLiteral,
  type Duckdb,
} from '@larder/archive';
import { LarderError, shellWord } from '@larder/core';
import type { ModelManifest } from '@larder/features';
import type { ModelRunner } from '@larder/model-runtime';
import type { TrainingSetDefinitions } from '../training-set/build-training-set.ts';
import { setValue, storedType } from '../training-set/output/stored-value.ts';
import { ROW } from './feature-column.ts';
import { createBatchScorer, type ScoredColumns } from './score-batch.ts';
import { planScore, type ScorePlan } from './score-plan.ts';

export interface ScoreDeps {
  /** Content of a model version. */
  readonly definitions: TrainingSetDefinitions & { readonly version: number };
  /** Loads its artifact; called once the file is known to fit. The caller closes it. */
  readonly openRunner: (
    shape: Pick<ScorePlan, 'width' | 'tensors'>,
  ) => Promise<Pick<ModelRunner, 'run' | 'inputs' | 'placement'>>;
}

export interface ScoreRequest {
  readonly model: string;
  /** Parquet. */
  readonly path: string;
  /** Replaced at the end; untouched when anything fails. */
  readonly out: string;
}

export interface ScoreOptions {
  readonly onProgress?: (progress: ScoreProgress) => void;
  readonly signal?: AbortSignal;
}

export interface ScoreProgress {
  readonly stage: 'score' | 'write';
  readonly done: number;
  readonly total: number;
}

export interface ScoredFile {
  readonly rows: number;
  /** Columns of the file that the output has too. */
  readonly passed: readonly string[];
  readonly outputs: readonly string[];
  /** On-demand feature views that were evaluated: the file does not have their features. */
  readonly evaluated: readonly string[];
}

/** Batches of a slow model that are under way at once. */
const MAX_CONCURRENT = 8;
const ROW_GROUP_ROWS = 122_880;

/**
 * Scores every row of a Parquet file: reads the features by columns, runs the model batch by batch, and writes the
 * outputs beside the file's other columns, in its order. Takes constant memory: scores wait in DuckDB, which spills them
 * beside the output.
 * @throws DATA_FILE_INVALID, ON_DEMAND_FAILED, MODEL_RUN_FAILED, WORK_MEMORY_EXCEEDED, REQUEST_INVALID when both are one file, or the output is a folder
 */
export async function scoreFile(
  { definitions, openRunner }: ScoreDeps,
  { model: name, path: given, out }: ScoreRequest,
  { onProgress = () => {}, signal }: ScoreOptions = {},
): Promise<ScoredFile> {
  const [path, target] = [resolve(given), resolve(out)];
  const called = shellWord(given);
  if (path === target)
    throw new LarderError(
      'REQUEST_INVALID',
      `${called} would replace itself; name another file for the scores.`,
    );
  if (await isFolder(target))
    throw new LarderError('REQUEST_INVALID', `${shellWord(out)} is a folder; name a file for the scores.`);
  await checkFile(path, called);
  // One thread reads and writes the rows in their order.
  const duckdb = await openDuckdb({
    folders: [dirname(path)],
    tempFolder: dirname(target),
    threads: 1,
    ...(signal && { signal }),
  });
  try {
    const reading = { what: `Reading ${called}` };
    const scan = `read_parquet(${textLiteral(path)}, hive_partitioning = false`;
    const columns = await describeColumns(duckdb, `${scan})`, reading);
    const reserved = columns.find((column) => column.name.toLowerCase() === ROW);
    if (reserved !== undefined)
      throw new LarderError(
        'DATA_FILE_INVALID',
        `${called} has a column ${reserved.name}; rename or drop it.`,
      );
    const plan = planScore({ definitions, model: name, called, columns });
    const [count] = await duckdb.all<{ n: bigint }>(`select count(*) as n from ${scan})`, reading);
    const total = Number(count?.n ?? 0);
    const { missing } = definitions.manifest.models[name] as ModelManifest;
    const runner = await openRunner(plan);
    const work: Work = {
      plan,
      scan: `${scan}, ${ROW} = true)`,
      scorer: createBatchScorer(plan, {
        runner,
        missing: missing === 'nan' ? Number.NaN : missing,
        called,
      }),
      concurrent: runner.placement === 'inline' ? 1 : Math.min(MAX_CONCURRENT, availableParallelism()),
      called,
      onRows: (done) => onProgress({ stage: 'score', done, total }),
    };
    await scoreRows(duckdb, work);
    onProgress({ stage: 'write', done: 0, total });
    const scored = join(duckdb.folder, 'scored.parquet');
    await writeScored(duckdb, work, { path: scored, model: `${name}@${definitions.version}` });
    signal?.throwIfAborted();
    await rename(scored, target);
    onProgress({ stage: 'write', done: total, total });
    return {
      rows: total,
      passed: plan.passed,
      outputs: plan.outputs.map((output) => output.name),
      evaluated: plan.onDemand.views.map((view) => view.name),
    };
  } finally {
    await duckdb.close();
  }
}

interface Work {
  readonly plan: ScorePlan;
  readonly scan: string;
  readonly scorer: ReturnType<typeof createBatchScorer>;
  readonly concurrent: number;
  readonly called: string;
  readonly onRows: (done: number) => void;
}

/** Fills the table `scored`: the row in the file, then the outputs. */
async function scoreRows(duckdb: Duckdb, work: Work): Promise<void> {
  const { plan, scan, scorer, concurrent, called, onRows } = work;
  const types = plan.outputs.map((field, i) => `o${i} ${storedType(field)}`);
  await duckdb.run(`create table scored (row DOUBLE, ${types.join(', ')})`);
  const appender = await openColumnAppender(duckdb, 'scored');
  const running: Promise<ScoredColumns>[] = [];
  let done = 0;
  const append = async (next: Promise<ScoredColumns> | undefined): Promise<void> => {
    const columns = (await next) ?? [];
    const { length } = columns[0] ?? [];
    const first = done;
    appender.append([Float64Array.from({ length }, (_, row) => first + row), ...columns]);
    done += length;
    onRows(done);
  };
  try {
    let read = 0;
    const query = `select ${[...plan.selected, ROW].join(', ')} from ${scan}`;
    for await (const batch of duckdb.columns(query, { what: `Reading ${called}` })) {
      const scores = scorer.score(batch, read);
      // Awaited in the order of the rows: a later one may fail first.
      scores.catch(() => {});
      running.push(scores);
      read += batch.rows;
      if (running.length >= concurrent) await append(running.shift());
    }
    while (running.length > 0) await append(running.shift());
  } finally {
    await Promise.allSettled(running);
    appender.close();
  }
}

async function writeScored(
  duckdb: Duckdb,
  { plan, scan, called }: Work,
  { path, model }: { readonly path: string; readonly model: string },
): Promise<void> {
  const outputs = plan.outputs.map((field, i) => {
    // Both sides are in the order of the file; a row beside the scores of another one would be worse than no file.
    const paired =
      i === 0 ? `case when s.row = f.${ROW} then s.o0 else error('rows out of order') end` : `s.o${i}`;
    return `${setValue(field, paired)} as ${quotedName(field.name)}`;
  });
  const passed = plan.passed.map((column) => `f.${quotedName(column)}`);
  await duckdb.run(
    `copy (select ${[...passed, ...outputs].join(', ')} from ${scan} f positional join scored s)
      to ${textLiteral(path)} (format parquet, compression zstd, row_group_size ${ROW_GROUP_ROWS}, preserve_order true,
        kv_metadata {'larder.model': ${textLiteral(model)}})`,
    { what: `Writing the scores of ${called}` },
  );
}

async function checkFile(path: string, called: string): Promise<void> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new LarderError('DATA_FILE_INVALID', `${called} cannot be read: ${cause.code}.`, { cause });
  });
  if (!found.isFile()) throw new LarderError('DATA_FILE_INVALID', `${called} is not a file.`);
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
