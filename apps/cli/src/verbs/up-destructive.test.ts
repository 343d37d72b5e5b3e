import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@larder/testing';
import { expect, vi } from 'vitest';
import { copyShop, jsonOf, larder, runCli, startCli } from '../../fixtures/run-cli.ts';

/** The same project without its model and the view that it reads. */
function withoutModel(): string {
  const folder = copyShop();
  const path = join(folder, 'larder.config.ts');
  const [text = ''] = readFileSync(path, 'utf8').split('export const adCtr');
  const view = /export const adStats[^]*?^\}\);\n/m;
  expect(text).toMatch(view);
  writeFileSync(path, text.replace(view, 'export { ad };\n'));
  return folder;
}

test('up applies to a configured database only with --apply, and takes its project back only with --yes', async ({
  database,
  redis,
}) => {
  const env = { LARDER_DATABASE_URL: database.url, LARDER_REDIS_URL: redis.url };
  const project = { ...env, LARDER_PROJECT: join(copyShop(), 'larder.config.ts') };
  expect((await larder(['apply'], project)).code).toBe(0);

  const cwd = withoutModel();
  const unasked = startCli(['up', '--json', '--port', '0'], { cwd, env });
  const stopped = new Promise((done) => unasked.once('exit', done));
  let said = '';
  unasked.stderr?.on('data', (text: Buffer) => (said += text.toString()));
  try {
    await vi.waitFor(
      () => expect(said).toMatch(/Nothing was applied: .* differs from manifest \d+\..*larder up --apply/),
      { timeout: 60_000, interval: 50 },
    );
  } finally {
    unasked.kill('SIGTERM');
    await stopped;
  }
  expect((await larder(['plan'], project)).stdout).toContain('up to date');

  const refused = await runCli(['up', '--json', '--port', '0', '--apply'], { cwd, env });
  expect(refused.code).toBe(1);
  expect(jsonOf(refused)).toMatchObject({
    code: 'CONFIG_OUTDATED',
    detail: expect.stringContaining('--yes'),
    errors: [{ pointer: 'view ad_stats@1' }, { pointer: 'model ad_ctr' }],
  });
  expect(existsSync(join(cwd, '.larder/stack.json'))).toBe(false);
  expect((await larder(['plan'], project)).stdout).toContain('up to date');

  const up = startCli(['up', '--json', '--port', '0', '--apply', '--yes'], { cwd, env });
  const ended = new Promise((done) => up.once('exit', done));
  let stdout = '';
  let remarks = '';
  up.stdout?.on('data', (text: Buffer) => (stdout += text.toString()));
  up.stderr?.on('data', (text: Buffer) => (remarks += text.toString()));
  try {
    await vi.waitFor(() => expect(JSON.parse(stdout)).toBeTruthy(), {
      timeout: 60_000,
      interval: 50,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      changes: expect.arrayContaining([
        expect.objectContaining({ action: 'keep', subject: 'model ad_ctr', destructive: false }),
      ]),
    });
    expect(remarks).toMatch(/^= keep model ad_ctr/m);
  } finally {
    up.kill('SIGTERM');
    await ended;
  }
});
