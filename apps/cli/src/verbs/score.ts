import { shellWord } from '@larder/core';
import { openModelDefinitions } from '@larder/registry';
import { loadRunner } from '@larder/serving';
import { scoreFile } from '@larder/training/score';
import { z } from 'zod';
import { printableCount } from '../output/printable.ts';
import { stageProgress } from '../output/stage-progress.ts';
import { DONE } from '../problem.ts';
import { defineVerb } from '../verb.ts';

const VERSION = /^([a-z][a-z0-9_]{0,39})(?:@([1-9]\d{0,8}|[a-z][a-z0-9_]{0,39}))?$/;

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<model>', 'model: ad_ctr (its champion), ad_ctr@3 or ad_ctr@challenger')
      .argument('<file>', 'Parquet file with one row for each prediction')
      .requiredOption('--out <file>', 'Parquet file to write; one that exists is replaced at the end')
      .addHelpText(
        'after',
        `
Scores every row of a file: the outputs of the model, after its post-processing, beside the file's other
columns, in its order. Features are columns named view:feature, as in a training set; where a file has
the request fields and inputs of on-demand features instead, the functions that answer predictions
evaluate them. Null and NaN are missing: the declared default takes their place. Nothing is read from
Redis and nothing is logged.

Examples:
  larder score ad_ctr tonight.parquet --out scores.parquet
  larder score ad_ctr@challenger sets/november/test.parquet --out scores.parquet --json`,
      );
  },
  input: z.object({
    model: z
      .string()
      .regex(VERSION, 'must be a model, such as ad_ctr, or one of its versions: ad_ctr@7, ad_ctr@challenger')
      .transform((text) => {
        const [, model = '', version] = VERSION.exec(text) ?? [];
        return { model, version };
      }),
    file: z.string(),
    out: z.string().min(1, 'must name a file'),
  }),
  async run(session, { model: { model, version: asked }, file, out: target }) {
    const { out, signal } = session;
    const project = await session.projectName();
    const artifacts = await session.artifacts();
    const deps = { store: await session.offlineStore(), artifacts };
    const definitions = await openModelDefinitions(deps, { project, model, version: asked });
    const progress = stageProgress(out, { score: 'scoring', write: 'writing' });
    const closing: (() => Promise<void>)[] = [];
    const startedMs = performance.now();
    try {
      const scored = await scoreFile(
        {
          definitions,
          async openRunner({ width, tensors }) {
            const served = definitions.manifest.models[model];
            if (served === undefined) throw new Error(`The content of ${model} does not have it.`);
            const folder = await artifacts.folder(served.artifact.sha256);
            const runner = await loadRunner({ folder, model: served, width, tensors });
            closing.push(() => runner.close());
            return runner;
          },
        },
        { model, path: file, out: target },
        { onProgress: progress.update, signal },
      );
      progress.stop();
      const { rows, outputs, passed, evaluated } = scored;
      const seconds = (performance.now() - startedMs) / 1_000;
      const answer = { model, version: definitions.version, out: target, rows, outputs, passed, evaluated };
      out.answer({ ...answer, seconds: Number(seconds.toFixed(3)) }, () => {
        const columns = [...passed, ...outputs].join(', ');
        out.line(
          `${printableCount(rows)} rows scored by ${model}@${definitions.version} into ${shellWord(target)}: ${columns}`,
        );
        if (evaluated.length > 0) out.line(`Evaluated from their inputs: ${evaluated.join(', ')}`);
      });
      return DONE;
    } finally {
      progress.stop();
      for (const close of closing) await close();
    }
  },
});
