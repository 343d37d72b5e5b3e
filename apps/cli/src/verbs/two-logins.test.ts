import { once } from 'node:events';
import { join } from 'node:path';
import { splitLogins } from '@larder/offline-store/testing/two-logins';
import { test } from '@larder/testing';
import pg from 'pg';
import { expect, onTestFinished, vi } from 'vitest';
import { copyShop, jsonOf, larder, startCli } from '../../fixtures/run-cli.ts';

test('service, worker and apply work under the runtime login once the owner has migrated, and none can rewrite the audit', async ({
  database,
  redis,
}) => {
  const { ownerUrl, runtimeUrl } = await splitLogins(database.url);
  const cwd = copyShop();
  const env = { LARDER_DATABASE_URL: runtimeUrl, LARDER_REDIS_URL: redis.url };
  const project = { ...env, LARDER_PROJECT: join(cwd, 'larder.config.ts') };

  const [serve, worker] = ['serve', 'worker'].map((verb) => {
    const child = startCli([verb], { cwd, env });
    onTestFinished(() => void child.kill('SIGKILL'));
    const started = { child, output: '' };
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text: Buffer) => (started.output += text.toString()));
    return started;
  }) as [Started, Started];
  // Neither ends: an orchestrator starts processes in any order.
  await until(() => expect(worker.output).toMatch(/waiting for PostgreSQL/));
  await until(() => expect(serve.output).toMatch(/"url":"([^"]+)"/));
  const url = /"url":"([^"]+)"/.exec(serve.output)?.[1] ?? '';
  expect((await fetch(`${url}/health/ready`)).status).toBe(503);
  expect(worker.output + serve.output).toContain('larder migrate');
  const early = await larder(['apply', '--json'], project);
  expect([early.code, jsonOf(early)]).toEqual([
    1,
    expect.objectContaining({
      code: 'DATABASE_NOT_MIGRATED',
      detail: expect.stringContaining('larder migrate'),
    }),
  ]);

  const owner = { ...project, LARDER_OWNER_DATABASE_URL: ownerUrl };
  expect((await larder(['migrate', '--check'], owner)).code).toBe(3);
  expect((await larder(['migrate'], owner)).stdout).toContain('0040_audit');
  expect((await larder(['migrate', '--check'], project)).code).toBe(0);
  const applied = await larder(['apply', '--json'], project);
  expect([applied.code, applied.stderr]).toEqual([0, '']);
  await until(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200));
  await until(() => expect(worker.output).toMatch(/The worker is running/));

  const doctor = jsonOf(await larder(['doctor', '--json'], owner)) as { checks: { check: string }[] };
  expect(doctor.checks.find(({ check }) => check === 'audit')).toMatchObject({ status: 'ok' });
  const single = { ...owner, LARDER_DATABASE_URL: database.url };
  const careless = jsonOf(await larder(['doctor', '--json'], single)) as typeof doctor;
  expect(careless.checks.find(({ check }) => check === 'audit')).toMatchObject({ status: 'fail' });

  const audit = jsonOf(await larder(['audit', '--json'], project)) as { entries: { action: string }[] };
  expect(audit.entries.map(({ action }) => action)).toContain('project.apply');
  const stolen = new pg.Client({ connectionString: runtimeUrl });
  await stolen.connect();
  onTestFinished(() => stolen.end());
  for (const statement of [
    `update larder.audit set actor = 'nobody'`,
    'delete from larder.audit',
    'truncate larder.audit',
    'drop table larder.audit',
  ])
    await expect(stolen.query(statement)).rejects.toThrow(/permission denied|must be owner/);

  for (const { child } of [serve, worker]) child.kill('SIGTERM');
  for (const { child, output } of [serve, worker]) {
    if (child.exitCode === null) await once(child, 'exit');
    expect([child.exitCode, output.includes('permission denied')]).toEqual([0, false]);
  }
});

interface Started {
  readonly child: ReturnType<typeof startCli>;
  output: string;
}

function until(check: () => unknown): Promise<unknown> {
  return vi.waitFor(check, { timeout: 60_000, interval: 100 });
}
