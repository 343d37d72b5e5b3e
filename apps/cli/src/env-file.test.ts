import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shellWord } from '@larder/core';
import { expect, test } from 'vitest';
import { copyShop, jsonOf, larder, runCli } from '../fixtures/run-cli.ts';
import { readConfig } from './config.ts';
import { envFileText } from './env-file.ts';

const SECRET = 'postgresql://larder:s3cret@127.0.0.1:1/larder';

function shopWith(text: string): { readonly folder: string; readonly project: string } {
  const folder = copyShop();
  writeFileSync(join(folder, '.env'), text);
  return { folder, project: join(folder, 'larder.config.ts') };
}

test('the .env beside the project sets what the environment does not', () => {
  const { project } = shopWith(
    `# stores\nexport LARDER_DATABASE_URL="${SECRET}"\nLARDER_PORT=7000\nLARDER_PROJECT=elsewhere\nSHOP_TOKEN='t # k'\n`,
  );
  const env: NodeJS.ProcessEnv = { LARDER_PORT: '7001' };
  const config = readConfig({ project }, env);
  expect(config).toMatchObject({ projectPath: project, databaseUrl: SECRET, port: 7_001 });
  expect(env).toEqual({ LARDER_PORT: '7001', LARDER_DATABASE_URL: SECRET, SHOP_TOKEN: 't # k' });
  if (config.envFile === null) throw new Error('The .env was not found.');
  expect(envFileText(config.envFile)).toBe(
    `${shellWord(join(project, '../.env'))} sets LARDER_DATABASE_URL and 1 variable of your own.`,
  );
});

test('a flag comes before it, and no value of it is ever shown', async () => {
  const { project } = shopWith(`LARDER_DATABASE_URL=${SECRET}\nLARDER_REDIS_URL=redis://:s3cret@127.0.0.1:1`);
  expect(readConfig({ project, databaseUrl: 'postgresql://h/x' }, {}).databaseUrl).toBe('postgresql://h/x');
  const { stdout, stderr } = await larder(['doctor', '--json', '--project', project]);
  expect(stdout).toMatch(/\.env'? sets LARDER_DATABASE_URL, LARDER_REDIS_URL/);
  expect(stdout + stderr).not.toContain('s3cret');
});

test('a named pipe is read like a file, and one that nobody writes is refused instead of waited for', async () => {
  const folder = copyShop();
  const pipe = join(folder, '.env');
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
  const project = join(folder, 'larder.config.ts');
  expect(jsonOf(await runCli(['plan', '--json'], { cwd: folder }))).toMatchObject({
    code: 'CONFIGURATION_INVALID',
    detail: expect.stringMatching(/\.env'? is a named pipe, and what writes it has not finished within 3 s/),
  });
  const text = join(folder, 'text');
  writeFileSync(text, `# ${'x'.repeat(200_000)}\nLARDER_DATABASE_URL=${SECRET}\n`);
  spawn('sh', ['-c', 'cat "$0" > "$1"', text, pipe], { stdio: 'ignore' });
  expect(readConfig({ project }, {}).databaseUrl).toBe(SECRET);
});

test('a wrong setting in it is refused with the place, a folder of this name is no file of settings', async () => {
  const { folder, project } = shopWith('LARDER_PROT=7000');
  expect(jsonOf(await larder(['plan', '--json'], { LARDER_PROJECT: project }))).toMatchObject({
    code: 'CONFIGURATION_INVALID',
    detail: expect.stringMatching(/LARDER_PROT \(in .*\.env'?\) is not a setting/),
  });
  const other = copyShop();
  mkdirSync(join(other, '.env'));
  expect(readConfig({ project: join(other, 'larder.config.ts') }, {}).envFile).toBeNull();
  writeFileSync(join(folder, '.env'), `LARDER_DATABASE_URL=${SECRET}`);
  expect(jsonOf(await runCli(['dev', '--json'], { cwd: folder }))).toMatchObject({
    code: 'CONFIGURATION_INVALID',
    detail: expect.stringMatching(/Remove LARDER_DATABASE_URL from .*\.env/),
  });
});
