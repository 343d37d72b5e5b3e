import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS, PROCESS_METRICS, type MetricDefinition, type MetricProcess } from '@larder/core/metrics';
import { freePort } from '@larder/infra';
import { REPOSITORY } from '@larder/infra/monitoring';
import { expect, inject, vi } from 'vitest';
import { call, test } from '../e2e/ads-stack.ts';
import { PANELS, panelRules } from './panels.ts';
import { prometheusTools, WITHOUT_PROMETHEUS } from './prometheus-tools.ts';
import { scrape, type Scrape } from './scrape.ts';

const TABLE: [string, MetricDefinition][] = Object.entries(METRICS);
const RULES = globSync(join(REPOSITORY, 'infra/prometheus/*.rules.yml'));
/** A stack starts, and a picture goes through its network. */
const TIMEOUT_MS = 300_000;
const tools = prometheusTools();
if (tools === null) console.warn(`${WITHOUT_PROMETHEUS}: queries of dashboards are not tried`);

function predict(inferenceUrl: string): Promise<{ prediction_id: string }> {
  return call(`${inferenceUrl}/v1/models/ad_ctr/predict`, {
    entities: { ad_id: 'ad-1' },
    request: { requested_at: '2026-11-20T09:30:00Z', placement: 'feed', bid: 1 },
    options: { deadline_ms: 30_000 },
  });
}

function holdTogether(process: MetricProcess, metrics: Scrape): void {
  const own = [...metrics].filter(([name]) => name.startsWith('larder_'));
  expect(Object.fromEntries(own.map(([name, { type }]) => [name, type]))).toEqual(
    Object.fromEntries(
      TABLE.filter(([, { by }]) => by.includes(process)).map(([name, { type }]) => [name, type]),
    ),
  );
  const seen = own.filter(([, { labels }]) => labels.size > 0);
  expect(seen.length).toBeGreaterThan(0);
  expect(Object.fromEntries(seen.map(([name, { labels }]) => [name, labels]))).toEqual(
    Object.fromEntries(
      seen.map(([name]) => [name, new Set(Object.keys(METRICS[name as keyof typeof METRICS].labels))]),
    ),
  );
  expect([...metrics.keys()]).toEqual(
    expect.arrayContaining(PROCESS_METRICS.map((name) => name.replace(/_(sum|count)$/, ''))),
  );
}

test(
  'service and worker export exactly the metrics of the table',
  async ({ stack }) => {
    expect((await predict(stack.inferenceUrl)).prediction_id).not.toBe('');
    holdTogether('inference', (await scrape(stack.inferenceUrl)).metrics);
    holdTogether('worker', (await scrape(stack.workerUrl)).metrics);
  },
  TIMEOUT_MS,
);

test.skipIf(tools === null)(
  'promtool accepts the scrapes, and a Prometheus that scrapes a stack has a series for every panel',
  async ({ stack }) => {
    const targets = { 'larder-inference': stack.inferenceUrl, 'larder-worker': stack.workerUrl };
    const folder = join(inject('testFolder'), 'prometheus');
    mkdirSync(folder, { recursive: true });
    const [config, panels] = [join(folder, 'prometheus.yml'), join(folder, 'panels.yml')];
    // Prometheus itself evaluates them: one question tells which have series.
    writeFileSync(panels, panelRules());
    writeFileSync(
      config,
      JSON.stringify({
        global: { scrape_interval: '1s', evaluation_interval: '2s' },
        rule_files: [...RULES, panels],
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
      const having = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent('count by (__name__) ({__name__=~"panel_.+"})')}`;
      await vi.waitFor(
        async () => {
          await predict(stack.inferenceUrl);
          const { data } = await call<{ data: { result: { metric: { __name__: string } }[] } }>(having);
          const filled = new Set(data.result.map(({ metric }) => metric.__name__));
          const empty = PANELS.filter(
            ({ name, emptyWhen }) => emptyWhen === undefined && !filled.has(name),
          ).map(({ panel }) => panel);
          expect(empty).toEqual([]);
        },
        { timeout: 180_000, interval: 1_000 },
      );
    } finally {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
  },
  TIMEOUT_MS,
);
