import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { test } from '../../fixtures/served-shop.ts';
import { jsonOf, larder, type CliResult } from '../../fixtures/run-cli.ts';

/** What differs between two calls, however they are made. */
function comparable({ code, stdout, stderr }: CliResult): CliResult {
  const steady = (text: string) =>
    text
      .replaceAll(/"(age_ms|ttl_left_ms|memory_bytes)": [\d.]+/g, '"$1": 0')
      .replaceAll(/,\s*"request_id": "[^"]+"/g, '')
      .replaceAll(/"heartbeat_at": "[^"]+"/g, '"heartbeat_at": ""')
      .replaceAll(/"answered_in_ms": \d+/g, '"answered_in_ms": 0')
      .replaceAll(/\d+ ms\b/g, '0 ms')
      .replaceAll(/"at": "[^"]+"/g, '"at": ""')
      .replaceAll(/^(shop {2}.*) {2}\d{4}-\d\d-\d\d .*$/gm, '$1')
      .replaceAll(/^Request \S+\n/gm, '')
      .replaceAll(/^Of the definitions that \S+ was started with\.\n/gm, '')
      .replaceAll(/\d+ (bytes of memory)/g, '0 $1')
      .replaceAll(/\b\d+(\.\d+)?(ms|s|m|h|d)\b( \d+(s|m|h))?/g, '0s')
      .replaceAll(/ +/g, ' ');
  return { code, stdout: steady(stdout), stderr: steady(stderr) };
}

test('a run is queued, followed and shown alike', async ({ served }) => {
  const shown = (result: CliResult) => {
    const {
      run_id: _,
      revision: __,
      created_at: ___,
      started_at,
      finished_at,
      rows_per_second,
      ...run
    } = jsonOf(result);
    expect([started_at, finished_at, rows_per_second].every(Boolean)).toBe(true);
    return { code: result.code, run };
  };
  const backfill = ['backfill', 'ad_stats', '--force', '--json'];
  const direct = shown(await served.direct(...backfill));
  expect(direct).toMatchObject({
    code: 0,
    run: { status: 'partial', scope: { kind: 'all' }, failures_by_code: [{ code: 'FEATURE_VALUE_INVALID' }] },
  });
  expect(shown(await served.remote(...backfill))).toEqual(direct);
  const strict = await served.remote('backfill', 'ad_stats', '--entity', 'ad-1', 'ad-bad', '--strict');
  expect(strict).toMatchObject({ code: 1, stdout: expect.stringContaining('1 × FEATURE_VALUE_INVALID') });
});

describe('every verb answers alike, as text and as JSON', () => {
  test.for([
    'runs',
    'runs --view ad_stats --status partial --limit 1',
    'runs --view nothing',
    'runs --graph',
    'runs 01999999-9999-7999-8999-999999999999',
    'runs 01999999-9999-7999-8999-999999999999 cancel',
    'entities ad --view ad_stats',
    'entities ad --limit 3',
    'entities nothing',
    'entities ad --view nothing',
    'inspect ad ad-1',
    'inspect ad nobody',
    'inspect nothing ad-1',
    'views',
    'ps',
    'status',
    'ps --computes ad_stats@1',
    'ps --reads ad_stats@1',
    'ps --reads ad_stats@9',
    'models',
    'models ad_ctr',
    'models ad_ctr@1',
    'models ad_ctr@9',
    'models nothing',
    'models ad_ctr@1 mark-good --reason fine',
    'models ad_ctr drop-alias --as nothing --reason why',
    'promote ad_ctr@9 --reason why',
    'rollback ad_ctr --reason why',
    'forget --receipts',
    'plan',
    'apply',
    'audit --action alias.move',
    'audit --entity nothing --key x',
    'predict ad_ctr --help',
    'predictions show 01999999-9999-7999-8999-999999999999',
    'predictions --entity nothing --key x',
    'predictions --entity ad --key ad-1 --histogram 4',
    'predictions ad_ctr --version 7',
  ])('larder %s', async (line, { served }) => {
    const args = line.split(' ');
    const alike = async (more: readonly string[]) => {
      const direct = comparable(await served.direct(...args, ...more));
      const remote = comparable(await served.remote(...args, ...more));
      if (line.startsWith('entities')) sorted(direct, remote);
      expect(remote).toEqual(direct);
      expect(direct.stdout + direct.stderr).not.toBe('');
    };
    // Again when they differ: the worker may have recorded something between the two, such as freshness.
    for (const more of [[], ['--json']]) await vi.waitFor(() => alike(more), { timeout: 60_000 });
  });
});

test('predictions, pushed rows and labels are the same both ways', async ({ served }) => {
  const inputs = '--ad_id ad-1 --requested_at 2026-11-20T09:30:00Z --bid 1'.split(' ');
  const predicted = async (ask: typeof served.direct) => {
    const result = await ask('predict', 'ad_ctr', ...inputs, '--features', '--json');
    const { prediction_id: _, timings_ms: __, features, ...answer } = jsonOf(result);
    return {
      code: result.code,
      ...answer,
      features: (features as { age_ms: number | null }[]).map(({ age_ms: ___, ...each }) => each),
    };
  };
  const direct = await predicted(served.direct);
  expect(direct).toMatchObject({ code: 0, model: 'ad_ctr', outputs: { ctr: expect.any(Number) as number } });
  expect(await predicted(served.remote)).toEqual(direct);
  const wrong = async (ask: typeof served.direct) =>
    comparable(await ask('predict', 'ad_ctr', '--ad_id', 'ad-1', '--bid', 'x', '--json'));
  expect(await wrong(served.remote)).toEqual(await wrong(served.direct));
  expect((await wrong(served.remote)).code).toBe(2);
  expect((await served.remote('predict', 'nothing')).stderr).toContain('MODEL_NOT_FOUND');

  const rows = join(served.folder, 'rows.jsonl');
  const at = new Date().toISOString();
  const row = { event_timestamp: at, clicks: 3, click_rate: 0.5, shape: [1, 2, 3, 4] };
  writeFileSync(
    rows,
    Array.from({ length: 1_002 }, (_, n) =>
      JSON.stringify({ ad_id: `new-${n}`, ...row, ...(n === 1_001 && { clicks: 'x' }) }),
    ).join('\n'),
  );
  const pushed = async (ask: typeof served.direct) => {
    const result = await ask('push', 'ad_stats', rows, '--json');
    const { run_ids: ids, ...summary } = jsonOf(result);
    return { code: result.code, runs: (ids as string[]).length, ...summary };
  };
  const landed = await pushed(served.remote);
  expect(landed).toMatchObject({
    code: 1,
    runs: 2,
    accepted: 1_001,
    online: true,
    rejected: [{ index: 1_001 }],
  });
  expect(await pushed(served.direct)).toEqual(landed);
  expect((await served.remote('push', 'nothing', rows)).stderr).toContain('VIEW_NOT_FOUND');

  const labels = join(served.folder, 'labels.csv');
  writeFileSync(
    labels,
    'event_id,ad_id,event_timestamp,value\na,ad-1,2026-11-20T09:30:00Z,true\nb,ad-2,2026-11-20T09:30:00Z,\nc,ad-3,never,true\n',
  );
  const imported = async (ask: typeof served.direct) =>
    comparable(await ask('labels', 'import', labels, '--name', 'clicked', '--entity', 'ad', '--json'));
  const first = await imported(served.remote);
  expect(JSON.parse(first.stdout)).toMatchObject({ rows: 3, stored: 1, known: 0, refused: 2 });
  const again = await imported(served.direct);
  expect(JSON.parse(again.stdout)).toMatchObject({ rows: 3, stored: 0, known: 1, refused: 2 });
  expect(await imported(served.remote)).toEqual(again);
});

test('an erasure and a move of an alias are the same both ways', async ({ served }) => {
  const erased = async (ask: typeof served.direct, key: string) => {
    const result = await ask('forget', 'ad', key, '--yes', '--reason', 'asked', '--json');
    const { receipt_id: id, key_hash: hash, requested_at: at, actor, ...receipt } = jsonOf(result);
    expect([id, hash, at, actor].every(Boolean)).toBe(true);
    const { completed_at: completed, ...rest } = receipt;
    expect(completed).toBeTruthy();
    return { code: result.code, ...rest };
  };
  const direct = await erased(served.direct, 'ad-19');
  expect(direct).toMatchObject({ code: 0, entity: 'ad', reason: 'asked' });
  expect(await erased(served.remote, 'ad-20')).toEqual(direct);
  expect((await served.remote('forget', '--receipts', '--json')).stdout).toBe(
    (await served.direct('forget', '--receipts', '--json')).stdout,
  );

  const promoted = async (ask: typeof served.direct, alias: string) => {
    const result = await ask('promote', 'ad_ctr@1', '--as', alias, '--reason', 'why', '--json');
    const { move_id: id, ...move } = jsonOf(result);
    expect(id).toEqual(expect.any(Number));
    return { code: result.code, ...move, alias: '', moved_at: '', actor: '' };
  };
  const moved = await promoted(served.direct, 'one');
  expect(moved).toMatchObject({ code: 0 });
  expect(await promoted(served.remote, 'two')).toEqual(moved);
});

test('doctor with a service alone checks the service', async ({ served }) => {
  const healthy = await served.remote('doctor', '--json');
  expect({ code: healthy.code, ...jsonOf(healthy) }).toMatchObject({ code: 0, ok: true });
  const { stdout } = await served.remote('doctor');
  for (const line of ['service', 'api key', 'release', 'clock', 'applied'])
    expect(stdout).toMatch(new RegExp(`^ok +${line} `, 'm'));
  expect(stdout).not.toContain('PostgreSQL');
});

test('plan and apply are refused where the definitions here are others', async ({ served }) => {
  const env = { LARDER_URL: served.url };
  const here = join(served.folder, 'larder.config.ts');
  const same = await larder(['plan', '--json'], { ...env, LARDER_PROJECT: here });
  expect({ code: same.code, ...jsonOf(same) }).toMatchObject({ code: 0, project: 'shop', changes: [] });
  const changed = join(served.folder, 'changed.config.ts');
  writeFileSync(changed, readFileSync(here, 'utf8').replace("ttl: '7d'", "ttl: '8d'"));
  for (const verb of ['plan', 'apply']) {
    const refused = await larder([verb], { ...env, LARDER_PROJECT: changed });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/DEFINITIONS_DIFFER.*\n.*has others: view ad_stats@1 differs\./);
  }
});

/** Keys come in no order. */
function sorted(...results: { stdout: string }[]): void {
  for (const result of results)
    result.stdout = result.stdout
      .split('\n')
      .map((key) => key.replace(',', ''))
      .toSorted()
      .join('\n');
}
