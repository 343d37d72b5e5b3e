import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLogger } from '@larder/core';
import { createOfflineStore, listProcesses } from '@larder/offline-store';
import { test as base } from '@larder/testing';
import { expect } from 'vitest';
import { copyShop, larder, type CliResult } from '../../apps/cli/fixtures/run-cli.ts';
import { readConfig } from '../../apps/inference/src/config.ts';
import { startInference } from '../../apps/inference/src/start-inference.ts';

const guide = readFileSync(
  resolve(import.meta.dirname, '../../docs/guides/promote-and-roll-back.md'),
  'utf8',
);
const logger = createLogger('test', { level: 'silent' });

interface Command {
  readonly args: readonly string[];
  /** Lines that its output has in this order; `…` stands for anything. */
  readonly output: readonly string[];
}

/** A project with three versions of ad_ctr, all complete, and one service. */
const test = base.extend<{ $file: { run: (args: readonly string[]) => Promise<CliResult> } }>({
  run: [
    async ({ database, redis }, use) => {
      const folder = copyShop();
      const env = {
        LARDER_PROJECT: join(folder, 'larder.config.ts'),
        LARDER_DATABASE_URL: database.url,
        LARDER_REDIS_URL: redis.url,
        LARDER_PORT: '0',
      };
      const store = createOfflineStore({ databaseUrl: database.url, logger });
      for (const [commit, auc] of [
        ['c03be11', 0.76],
        ['41d07ce', 0.79],
        ['9f1c2ab', 0.81],
      ] as const) {
        const training = JSON.stringify({ commit, metrics: { auc } });
        writeFileSync(join(folder, 'models/ad_ctr/training.json'), training);
        const applied = await larder(['apply', '--yes'], env);
        expect(applied).toMatchObject({ code: 0 });
      }
      // The views of this project have nothing to fill.
      await store.pool.query('update larder.model_versions set complete_at = now()');
      const inference = await startInference(readConfig(env), logger);
      await expect.poll(() => listProcesses(store, 'shop')).toHaveLength(1);
      await use((args) => larder(args, env));
      await inference.close();
      await store.close();
    },
    { scope: 'file' },
  ],
});

function commands(): Command[] {
  const blocks = [...guide.matchAll(/^```\n(\$ [^]*?)^```$/gm)].map(([, block = '']) => block);
  return blocks.map((block) => {
    const [first = '', ...output] = block.trimEnd().split('\n');
    const words = first.replace('$ npx larder ', '').match(/'[^']*'|\S+/g) ?? [];
    return { args: words.map((word) => word.replace(/^'(.*)'$/, '$1')), output };
  });
}

function patternOf(line: string): RegExp {
  const words = line.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^\\s*${words.replaceAll(/\s*…\s*/g, '.*').replaceAll(/\s+/g, String.raw`\s+`)}\\s*$`);
}

test('the commands of the guide do what it says', async ({ run }) => {
  const all = commands();
  expect(all.length).toBeGreaterThan(6);
  for (const { args, output } of all) {
    const { code, stdout, stderr } = await run(args);
    const command = `larder ${args.join(' ')}`;
    expect({ command, code, stderr }).toEqual({
      command,
      code: output.join('\n').includes('MODEL_VERSION_BAD') ? 1 : 0,
      stderr,
    });
    const lines = `${stderr}${stdout}`.split('\n');
    let at = 0;
    for (const line of output) {
      const found = lines.findIndex((each, i) => i >= at && patternOf(line).test(each));
      expect({ command, line, found: found >= 0, lines: found >= 0 ? [] : lines.slice(at) }).toEqual({
        command,
        line,
        found: true,
        lines: [],
      });
      if (line.trim() !== '…') at = found + 1;
    }
  }
});
