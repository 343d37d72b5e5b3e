import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { copyShop, larder, runCli } from '../fixtures/run-cli.ts';
import { checkStack } from './doctor/check-stack.ts';

const folder = mkdtempSync(join(tmpdir(), 'my project-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('init says how to enter a folder whose name has a space', async () => {
  const { stdout } = await runCli(['init', 'new features'], { cwd: folder });
  expect(stdout).toContain("  cd 'new features'\n");
  expect(stdout).toContain(` in '${folder}/new features'\n`);
});

test('a configuration that does not exist is named as it is pasted', async () => {
  const { stderr } = await larder(['plan'], { LARDER_PROJECT: join(folder, 'nowhere', 'larder.config.ts') });
  expect(stderr).toContain(`There is no '${folder}/nowhere/larder.config.ts'.`);
  const { stderr: found } = await larder(['plan'], { LARDER_PROJECT: join(folder, 'larder.config.ts') });
  expect(found).toContain(`Use --project '${folder}/new features/larder.config.ts', or`);
});

test('rows that cannot be read are named as they are pasted', async () => {
  const { stderr } = await runCli(['push', 'ad_stats', 'no such rows.json'], { cwd: copyShop() });
  expect(stderr).toContain("'no such rows.json' cannot be read.");
});

test('doctor reads the logs of a stack whose folder has a space', async () => {
  const [finding] = await checkStack({
    stack: {
      pid: 1,
      script: '',
      project: '',
      startedAt: '',
      logs: '/my project/.larder/stack',
      addresses: {
        databaseUrl: '',
        redisUrl: '',
        queueRedisUrl: '',
        inferenceUrl: 'http://127.0.0.1:1',
        env: {},
      },
      apps: {},
    },
  });
  expect(finding).toMatchObject({
    status: 'fail',
    mend: "Read the end of the logs: tail -n 20 '/my project/.larder/stack'/*.log",
  });
});
