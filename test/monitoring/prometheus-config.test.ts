import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { REPOSITORY } from '@larder/infra/monitoring';
import { expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { prometheusTools, WITHOUT_PROMETHEUS } from './prometheus-tools.ts';

const RULES = globSync(join(REPOSITORY, 'infra/prometheus/*.rules.yml'));
const guide = readFileSync(join(REPOSITORY, 'docs/guides/be-paged-and-act.md'), 'utf8');
const [, config = ''] = /^```yaml\n([^]*?)^```$/m.exec(guide) ?? [];
const tools = prometheusTools();
if (tools === null)
  console.warn(`${WITHOUT_PROMETHEUS}: promtool does not check the configuration of the guide`);

test('the configuration of the guide names every file of rules, and the jobs that alerts ask for', () => {
  const { rule_files: files, scrape_configs: jobs } = parse(config) as {
    rule_files: string[];
    scrape_configs: { job_name: string }[];
  };
  expect(files.toSorted()).toEqual(RULES.map((file) => basename(file)).toSorted());
  const asked = RULES.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/absent\(up\{job=\W*([\w-]+)/g)].map(([, job]) => job),
  );
  expect(asked.length).toBeGreaterThan(0);
  expect(jobs.map(({ job_name: name }) => name)).toEqual(expect.arrayContaining(asked));
});

test.skipIf(tools === null)('promtool accepts it', () => {
  const folder = join(inject('testFolder'), 'prometheus-config');
  mkdirSync(folder, { recursive: true });
  for (const file of RULES) cpSync(file, join(folder, basename(file)));
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, config);
  const { status, stdout, stderr } = spawnSync(tools?.promtool ?? '', ['check', 'config', file], {
    encoding: 'utf8',
  });
  expect({ status, said: `${stdout}${stderr}` }).toMatchObject({ status: 0 });
});
