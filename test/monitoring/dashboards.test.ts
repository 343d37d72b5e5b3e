import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '@larder/core/metrics';
import { freePort } from '@larder/infra';
import { REPOSITORY } from '@larder/infra/monitoring';
import { dashboards } from '@larder/infra/monitoring/dashboards';
import { expect, inject, test as plain, vi } from 'vitest';
import { call, test } from '../e2e/ads-stack.ts';
import { prometheusTools, WITHOUT_PROMETHEUS } from './prometheus-tools.ts';

const PANELS = dashboards().flatMap(({ title, rows }) =>
  Object.values(rows)
    .flat()
    .flatMap(({ title: panel, queries, emptyWhen }) =>
      Object.values(queries).map((expr) => ({ panel: `${title}: ${panel}`, expr, emptyWhen })),
    ),
);
const RULES = globSync(join(REPOSITORY, 'infra/prometheus/*.rules.yml'));
const tools = prometheusTools();
if (tools === null) console.warn(`${WITHOUT_PROMETHEUS}: queries of dashboards are not tried`);

plain('every metric of the table has a panel, and panels name no other', () => {
  const text = PANELS.map(({ expr }) => expr).join('\n');
  const named = new Set(text.match(/\blarder_\w+/g)?.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
  expect(named).toEqual(new Set(Object.keys(METRICS)));
});

plain.skipIf(tools === null)('every query is valid', () => {
  const file = join(inject('testFolder'), 'panels.yml');
  const rules = PANELS.map(({ expr }, at) => ({ record: `panel_${at}`, expr }));
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
  const { status, stderr } = spawnSync(tools?.promtool ?? '', ['check', 'rules', file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

test.skipIf(tools === null)(
  'promtool accepts the scrapes, and a Prometheus that scrapes a stack has a series for every panel',
  async ({ stack }) => {
    const targets = { 'larder-inference': stack.inferenceUrl, 'larder-worker': stack.workerUrl };
    const folder = join(inject('testFolder'), 'prometheus');
    mkdirSync(folder, { recursive: true });
    const config = join(folder, 'prometheus.yml');
    writeFileSync(
      config,
      JSON.stringify({
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: RULES,
        scrape_configs: Object.entries(targets).map(([job_name, url]) => ({
          job_name,
          scrape_timeout: '1s',
          static_configs: [{ targets: [new URL(url).host] }],
        })),
      }),
    );
    const port = await freePort('127.0.0.1', 29_090);
    const server = spawn(
      tools?.prometheus ?? '',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    try {
      for (const url of Object.values(targets)) {
        const input = await (await fetch(`${url}/metrics`)).text();
        const { status, stderr } = spawnSync(tools?.promtool ?? '', ['check', 'metrics'], {
          input,
          encoding: 'utf8',
        });
        // Names of prom-client's own metrics are not ours to choose.
        expect(stderr.split('\n').filter((line) => line.startsWith('larder_'))).toEqual([]);
        expect([0, 3]).toContain(status);
      }
      await call(`${stack.inferenceUrl}/v1/backfills`, { view: 'ad_image', scope: { all: true } });
      const ask = async (expr: string): Promise<number> => {
        const query = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`;
        const answer = await call<{ data: { result: unknown[] } }>(query);
        return answer.data.result.length;
      };
      await vi.waitFor(
        async () => {
          await call(`${stack.inferenceUrl}/v1/models/ad_ctr/predict`, {
            entities: { ad_id: 'ad-1' },
            request: { requested_at: '2026-11-20T09:30:00Z', placement: 'feed', bid: 1 },
            options: { deadline_ms: 30_000 },
          });
          const empty: string[] = [];
          for (const { panel, expr, emptyWhen } of PANELS)
            if (emptyWhen === undefined && (await ask(expr)) === 0) empty.push(panel);
          expect(empty).toEqual([]);
        },
        { timeout: 90_000, interval: 1_000 },
      );
    } finally {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
  },
  150_000,
);
