import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { isLarderError, type LarderError } from '@larder/core';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../manifest/canonical-json.ts';
import { loadDefinitions, loadProject } from './load-project.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const ADS = join(FIXTURES, 'ads', 'larder.config.ts');

async function failureOf(configPath: string): Promise<LarderError> {
  const error: unknown = await loadProject(configPath).catch((reason: unknown) => reason);
  if (!isLarderError(error)) throw new Error('loadProject did not fail as expected.', { cause: error });
  return error;
}

describe('loadProject', () => {
  test('collects definitions, including those only reachable through others', async () => {
    const project = await loadProject(ADS);
    expect(project.name).toBe('ads');
    expect(project.root).toBe(join(FIXTURES, 'ads'));
    expect(project.configPath).toBe(ADS);
    expect([...project.entities.keys()]).toEqual(['ad']);
    expect([...project.featureViews.keys()].sort()).toEqual(['ad_stats@2', 'ad_title@1']);
    expect([...project.onDemandFeatureViews.keys()].sort()).toEqual(['moment', 'offer']);
    expect(Object.keys(project.manifest.models)).toEqual(['ad_ctr']);
  });

  test('returns the manifest of the definitions', async () => {
    const { manifest } = await loadProject(ADS);
    expect(manifest.event_horizon_ms).toBe(3_653 * 86_400_000);
    expect(manifest.feature_views['ad_stats@2']).toEqual({
      name: 'ad_stats',
      version: 2,
      entity: 'ad',
      ttl_ms: 604_800_000,
      schedule: null,
      available_after_ms: 3_600_000,
      chunk_rows: 5_000,
      source: {
        kind: 'sql',
        connection: 'ads',
        query: 'select ad_id, title, updated_at as event_timestamp from ads',
        event_timestamp_column: 'event_timestamp',
        created_timestamp_column: null,
      },
      schema: [
        { name: 'impressions', type: 'int64', default: '0' },
        { name: 'ctr_7d', type: 'float64' },
        { name: 'seen_at', type: 'timestamp', default: '1970-01-01T00:00:00.000Z' },
      ],
      compute: null,
      owner: null,
      tags: {},
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      schema_fingerprint: expect.any(Number) as number,
    });
    expect(manifest.feature_views['ad_title@1']).toMatchObject({
      chunk_rows: 32,
      compute: {
        kind: 'module',
        options: { language: 'en' },
        artifacts: { encoder: { path: 'models/encoder' } },
      },
    });
    expect(manifest.models['ad_ctr']?.inputs).toEqual([
      { view: 'ad_title', version: 1, features: ['embedding', 'shouting'] },
      { view: 'ad_stats', version: 2, features: ['ctr_7d'] },
      { view: 'moment', version: null, features: ['hour_sin', 'hour_cos'] },
      { view: 'offer', version: null, features: ['expected'] },
    ]);
  });

  test('returns byte-identical JSON in every process and thread, which parses back', async () => {
    const here = JSON.stringify((await loadProject(ADS)).manifest);
    expect(JSON.stringify((await loadProject(ADS)).manifest)).toBe(here);
    expect(JSON.stringify(await manifestFromThread())).toBe(here);
    expect(canonicalJson(parseManifest(JSON.parse(here)))).toBe(canonicalJson(JSON.parse(here)));
  });

  test('reports every problem at once, each with a pointer', async () => {
    const error = await failureOf(join(FIXTURES, 'broken', 'larder.config.ts'));
    expect(error.code).toBe('DEFINITION_INVALID');
    expect(error.message).toContain(`larder.config.ts has ${error.errors.length} problems:\n`);
    expect(error.errors.map(({ pointer, detail }) => `${pointer} ${detail}`)).toMatchSnapshot();
  });

  test('expects one project as the default export', async () => {
    const error = await failureOf(join(FIXTURES, 'no-project', 'larder.config.ts'));
    expect(error.errors).toEqual([
      {
        pointer: '/project',
        detail: "the module must have one project, as its default export: export default project('ads', …).",
      },
    ]);
  });

  test('names the path that does not exist, and the reason why one does not load', async () => {
    expect(await failureOf(join(FIXTURES, 'nowhere.ts'))).toMatchObject({ code: 'PROJECT_NOT_FOUND' });
    expect(await failureOf(join(FIXTURES, 'throws', 'larder.config.ts'))).toMatchObject({
      code: 'PROJECT_NOT_LOADABLE',
      message: expect.stringContaining('no such secret (larder.config.ts:1:') as string,
    });
  });

  test('names the place also in a folder whose path has spaces and brackets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'a (new) project-'));
    cpSync(join(FIXTURES, 'throws'), folder, { recursive: true });
    expect((await failureOf(join(folder, 'larder.config.ts'))).message).toContain(
      'no such secret (larder.config.ts:1:',
    );
    rmSync(folder, { recursive: true });
  });

  test('returns definitions that compute', async () => {
    const { featureViews, onDemandFeatureViews } = await loadDefinitions(ADS);
    const offer = onDemandFeatureViews.get('offer')?.compute as (input: unknown) => unknown;
    expect(offer({ request: { bid: 2 }, features: { ad_stats: { ctr_7d: 0.5 } } })).toEqual({ expected: 1 });

    const module = await featureViews.get('ad_title@1')?.compute?.load();
    const computation = await module?.createComputation({
      options: {},
      artifactPaths: {},
      allowedHosts: [],
      logger: undefined as never,
    });
    expect(
      await computation?.compute([{ title: 'SALE now' }, { title: null }], new AbortController().signal),
    ).toEqual([
      { values: { word_count: 2, embedding: Float32Array.of(1, 2, 3), shouting: true } },
      { failure: { code: 'TITLE_MISSING', reason: 'The row has no title.', retryable: false } },
    ]);
  });
});

/** Loads like plain Node, without vitest's transforms. */
function manifestFromThread(): Promise<Manifest> {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.module).then(async ({ loadProject }) => parentPort.postMessage((await loadProject(workerData.config)).manifest));
  `;
  const workerData = { module: new URL('./load-project.ts', import.meta.url).href, config: ADS };
  return new Promise((resolve, reject) => {
    const worker = new Worker(code, { eval: true, workerData, execArgv: [] });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
