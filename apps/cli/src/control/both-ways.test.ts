import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { comparisonAnswerSchema, parityAnswerSchema } from '@larder/contracts';
import { describe, expect, vi } from 'vitest';
import { test } from '../../fixtures/served-shop.ts';
import { jsonOf, larder, type CliResult } from '../../fixtures/run-cli.ts';
import { VERBS } from '../verbs.ts';

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

/** By verb: what is answered alike, as text and as JSON. Tests below have what differs with every call, such as ids. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  runs: [
    'runs',
    'runs --view ad_stats --status partial --limit 1',
    'runs --view nothing',
    'runs --graph',
    'runs 01999999-9999-7999-8999-999999999999',
    'runs 01999999-9999-7999-8999-999999999999 cancel',
  ],
  backfill: ['backfill nothing', 'backfill ad_stats@9'],
  entities: [
    'entities ad --view ad_stats',
    'entities ad --limit 3',
    'entities nothing',
    'entities ad --view nothing',
  ],
  inspect: ['inspect ad ad-1', 'inspect ad nobody', 'inspect nothing ad-1'],
  views: ['views'],
  ps: ['ps', 'ps --computes ad_stats@1', 'ps --reads ad_stats@1', 'ps --reads ad_stats@9'],
  status: ['status'],
  models: [
    'models',
    'models ad_ctr',
    'models ad_ctr@1',
    'models ad_ctr@9',
    'models nothing',
    'models ad_ctr@1 mark-good --reason fine',
    'models ad_ctr drop-alias --as nothing --reason why',
  ],
  promote: ['promote ad_ctr@9 --reason why'],
  rollback: ['rollback ad_ctr --reason why'],
  forget: ['forget --receipts'],
  plan: ['plan'],
  apply: ['apply'],
  audit: ['audit --action alias.move', 'audit --entity nothing --key x'],
  predict: ['predict ad_ctr --help'],
  predictions: [
    'predictions show 01999999-9999-7999-8999-999999999999',
    'predictions --entity nothing --key x',
    'predictions --entity ad --key ad-1 --histogram 4',
    'predictions ad_ctr --version 7',
  ],
  parity: ['parity ad_ctr', 'parity ad_ctr --version 7', 'parity nothing'],
  compare: [
    'compare ad_stats@1 ad_stats@1',
    'compare ad_stats@1 ad_stats@9',
    'compare ad_stats@1 ad_stats@1 --model nothing',
  ],
  push: ['push nothing no-such-file.jsonl'],
  labels: ['labels import no-such-file.csv --name clicked --entity ad'],
  'training-set': ['training-set list', 'training-set show 01999999-9999-7999-8999-999999999999'],
  'api-keys': ['api-keys create'],
  doctor: ['doctor --help'],
};

test('every verb that can ask a service has its line, and every other one says that it cannot', async ({
  served,
}) => {
  const verbs = Object.entries(VERBS);
  const remote = verbs.flatMap(([name, verb]) => (verb.remote ? [name] : []));
  expect(Object.keys(LINES).toSorted()).toEqual(remote.toSorted());
  for (const [name, lines] of Object.entries(LINES))
    expect(lines.filter((line) => line.split(' ')[0] !== name)).toEqual([]);
  const needStores = verbs.flatMap(([name, { remote: asks, storeless }]) =>
    asks || storeless ? [] : [name],
  );
  const operands: Readonly<Record<string, readonly string[]>> = {
    preview: ['ad_stats', '--entity', 'ad-1'],
    score: ['ad_ctr', 'rows.parquet', '--out', 'scores.parquet'],
    backup: ['copy'],
    load: ['copy'],
  };
  for (const name of needStores) {
    const { code, stderr } = await served.remote(name, ...(operands[name] ?? []));
    expect({ name, code, stderr }).toEqual({
      name,
      code: 2,
      stderr: expect.stringContaining(`larder ${name} works on the stores itself`),
    });
  }
});

describe('every verb answers alike, as text and as JSON', () => {
  test.for(Object.values(LINES).flat())('larder %s', async (line, { served }) => {
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

test('logged predictions are compared with history, and two versions of a view, the same both ways', async ({
  served,
}) => {
  // Those of other tests may still be on their way into the log.
  const since = new Date().toISOString();
  const inputs = '--ad_id ad-2 --requested_at 2026-11-20T09:30:00Z --bid 1'.split(' ');
  expect((await served.remote('predict', 'ad_ctr', ...inputs)).code).toBe(0);
  await expect
    .poll(
      async () => jsonOf(await served.direct('predictions', 'ad_ctr', '--from', since, '--json')).predictions,
      { timeout: 30_000 },
    )
    .toHaveLength(1);
  const line = (text: string) => async (ask: typeof served.direct) => {
    const { code, stdout } = await ask(...text.split(' '), '--json');
    return { code, answer: JSON.parse(stdout) as Record<string, unknown> };
  };
  const parity = line(`parity ad_ctr --from ${since}`);
  const direct = await parity(served.direct);
  parityAnswerSchema.parse(direct.answer);
  expect(direct.answer.predictions).toBe(1);
  expect(await parity(served.remote)).toEqual(direct);

  const compare = line('compare ad_stats@1 ad_stats@1 --model ad_ctr --limit 1');
  const compared = await compare(served.direct);
  const { predictions } = comparisonAnswerSchema.parse(compared.answer);
  expect(predictions).toMatchObject({ model: 'ad_ctr', version: 1, beyond: 0 });
  const over = await compare(served.remote);
  expect(over.answer).toEqual({
    ...compared.answer,
    predictions: { ...predictions, to: expect.any(String) as string },
  });
  expect(over.code).toBe(0);
});

test('API keys are made, listed, rotated and revoked the same both ways', async ({ served }) => {
  const root = jsonOf(await served.direct(...'api-keys create root --role admin --json'.split(' ')));
  const { url } = await served.locked();
  const remote: typeof served.direct = (...args) =>
    larder(args, {
      LARDER_PROJECT: 'nowhere/larder.config.ts',
      LARDER_URL: url,
      LARDER_API_KEY: String(root.key),
    });
  const walk = async (ask: typeof served.direct) => {
    const steady = (text: string) =>
      text
        .replaceAll(/lrd_\w+/g, 'lrd_')
        .replaceAll(/"(id|secret_id|created_by|revoked_by)": "[^"]+"/g, '"$1": ""')
        .replaceAll(/"\w+_at": "[^"]+"/g, '"at": ""');
    const create = 'api-keys create shop --role caller --scope inspect --rate 50/s --json';
    const created = await ask(...create.split(' '));
    const id = String(jsonOf(created).id);
    const answers = [created];
    for (const line of [`rotate ${id}`, `revoke ${id}`, `revoke ${id}`, `rotate ${id}`, 'revoke zzzzzzzzzz'])
      answers.push(await ask('api-keys', ...line.split(' '), '--json'));
    return answers.map(({ code, stdout }) => ({
      code,
      stdout: steady(stdout)
        .replaceAll(id, 'ID')
        .replaceAll(/,\s*"request_id": "[^"]+"/g, ''),
    }));
  };
  const direct = await walk(served.direct);
  expect(direct.map(({ code }) => code)).toEqual([0, 0, 0, 0, 1, 1]);
  expect(await walk(remote)).toEqual(direct);
  const listed = async (ask: typeof served.direct) => {
    const { api_keys: keys } = jsonOf(await ask('api-keys', 'list', '--all', '--json'));
    return (keys as object[]).map((key) => Object.assign(key, { last_used_at: null }));
  };
  expect(await listed(remote)).toEqual(await listed(served.direct));
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

// The last: from here on the definitions are others than those that the service was started with.
test('a rollback is the same both ways', async ({ served }) => {
  // Other bytes, the same model: the next version.
  appendFileSync(join(served.folder, 'models/ad_ctr/golden.json'), '\n');
  expect((await served.direct('apply', '--yes')).code).toBe(0);
  const aliases = ['early', 'late'] as const;
  for (const alias of aliases)
    for (const version of [1, 2]) {
      const promote = ['promote', `ad_ctr@${version}`, '--as', alias, '--reason', 'why', '--yes', '--json'];
      expect(await served.direct(...promote)).toMatchObject({ code: 0 });
    }
  const rolledBack = async (ask: typeof served.direct, alias: string) => {
    const { code, stdout, stderr } = await ask('rollback', 'ad_ctr', '--as', alias, '--json');
    const { move_id: id, moved_at: at, actor, ...move } = JSON.parse(stdout) as Record<string, unknown>;
    expect([id, at, actor].every(Boolean)).toBe(true);
    return { code, noted: stderr.split('\n')[0], ...move, alias: '' };
  };
  const direct = await rolledBack(served.direct, 'early');
  expect(direct).toMatchObject({ code: 0, version: 1, from_version: 2, kind: 'rollback', in_force: true });
  expect(await rolledBack(served.remote, 'late')).toEqual(direct);
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
