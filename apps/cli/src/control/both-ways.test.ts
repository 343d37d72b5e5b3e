import { describe, expect } from 'vitest';
import { test } from '../../fixtures/served-shop.ts';
import { jsonOf, type CliResult } from '../../fixtures/run-cli.ts';

/** What differs between two calls, however they are made. */
function comparable({ code, stdout, stderr }: CliResult): CliResult {
  const steady = (text: string) =>
    text
      .replaceAll(/"(age_ms|ttl_left_ms|memory_bytes)": [\d.]+/g, '"$1": 0')
      .replaceAll(/,\s*"request_id": "[^"]+"/g, '')
      .replaceAll(/"heartbeat_at": "[^"]+"/g, '"heartbeat_at": ""')
      .replaceAll(/^Request \S+\n/gm, '')
      .replaceAll(/\d+ (bytes of memory)/g, '0 $1')
      .replaceAll(/\b\d+(\.\d+)?(ms|s|m|h|d)\b( \d+(s|m|h))?/g, '0s')
      .replaceAll(/ +/g, ' ');
  return { code, stdout: steady(stdout), stderr: steady(stderr) };
}

test('a run is queued, followed and shown alike', { timeout: 60_000 }, async ({ served }) => {
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
  ])('larder %s', async (line, { served }) => {
    const args = line.split(' ');
    for (const more of [[], ['--json']]) {
      const direct = comparable(await served.direct(...args, ...more));
      const remote = comparable(await served.remote(...args, ...more));
      if (line.startsWith('entities')) sorted(direct, remote);
      expect(remote).toEqual(direct);
      expect(direct.stdout + direct.stderr).not.toBe('');
    }
  });
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
