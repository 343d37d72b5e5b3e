import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, inject, onTestFinished } from 'vitest';
import { jsonOf, larder } from '../../fixtures/run-cli.ts';
import { test } from '../../fixtures/served-shop.ts';

interface Manifest {
  readonly training_set_id: string;
  readonly content_sha256: string;
  readonly spine: { readonly source: object };
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

/** Four builds, three of them in processes of their own that yield to everybody else. */
const LONG = { timeout: 300_000 };

const manifestIn = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;

test(
  'a service builds the set that this process would build, into a folder here',
  LONG,
  async ({ served }) => {
    expect((await served.direct('backfill', 'ad_stats')).code).toBe(0);
    const spine = join(served.folder, 'spine.csv');
    const at = new Date().toISOString();
    const rows = Array.from({ length: 20 }, (_, n) => `${n % 2},ad-${n + 1},${at}`);
    writeFileSync(spine, `label,ad_id,event_timestamp\n${rows.join('\n')}\n`);
    const build = (name: string, ...more: readonly string[]) =>
      'training-set build --features ad_stats --split group:ad_id:0.5,0.5'
        .split(' ')
        .concat('--spine', spine, '--out', join(served.folder, name), more);

    const direct = jsonOf(await served.direct(...build('direct', '--json'))) as unknown as Manifest;
    const sent = await served.remote(...build('remote', '--json'));
    expect(sent).toMatchObject({ code: 0, stdout: expect.stringContaining('content_sha256') as string });
    const remote = jsonOf(sent) as unknown as Manifest;
    const folder = join(served.folder, 'remote');
    expect(readdirSync(folder).toSorted()).toEqual(['manifest.json', 'test.parquet', 'train.parquet']);
    expect(remote.content_sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(remote.content_sha256).toBe(direct.content_sha256);
    expect(manifestIn(folder)).toEqual(remote);
    expect(remote.spine.source).toEqual(direct.spine.source);
    for (const { path, sha256 } of remote.files)
      expect(
        createHash('sha256')
          .update(readFileSync(join(folder, path)))
          .digest('hex'),
      ).toBe(sha256);

    const again = ['training-set', 'build', '--from', join(folder, 'manifest.json'), '--out'];
    const built = await served.direct(...again, join(served.folder, 'again'), '--json');
    expect(jsonOf(built)).toMatchObject({
      again_of: remote.training_set_id,
      content_sha256: remote.content_sha256,
    });
    const rebuilt = await served.remote(...again, join(served.folder, 'again-remote'), '--json');
    expect({ code: rebuilt.code, ...jsonOf(rebuilt) }).toMatchObject({
      code: 0,
      again_of: remote.training_set_id,
      content_sha256: remote.content_sha256,
      spine: { source: remote.spine.source },
    });
    const others = join(served.folder, 'others.csv');
    writeFileSync(others, readFileSync(spine, 'utf8').replace('ad-20', 'ad-1'));
    const changed = await served.remote(...again, join(served.folder, 'never'), '--spine', others, '--json');
    expect(jsonOf(changed)).toMatchObject({ code: 'TRAINING_SET_CHANGED' });
    expect(existsSync(join(served.folder, 'never'))).toBe(false);

    const full = await served.remote(...build('remote'));
    expect(full).toMatchObject({ code: 1, stderr: expect.stringContaining('FOLDER_NOT_EMPTY') as string });
    const id = remote.training_set_id;
    for (const args of [['list'], ['list', '--limit', '1'], ['show', id]]) {
      const shown = async (ask: typeof served.direct) => {
        const { code, stdout, stderr } = await ask('training-set', ...args, '--json');
        const { statistics: _, ...set } = JSON.parse(stdout) as Record<string, unknown>;
        const sets = (set.training_sets as object[] | undefined) ?? [set];
        return {
          code,
          stderr,
          complete: set.complete,
          sets: sets.map((each) => Object.assign(each, { folder: '' })),
        };
      };
      expect(await shown(served.remote)).toEqual(await shown(served.direct));
      // the newest alone is one that was built again
      if (!args.includes('--limit'))
        expect((await served.remote('training-set', ...args)).stdout).toContain(id);
    }
    const nothing = ['training-set', 'show', '01999999-9999-7999-8999-999999999999', '--json'];
    expect(jsonOf(await served.remote(...nothing))).toMatchObject({ code: 'TRAINING_SET_NOT_FOUND' });

    const none = join(served.folder, 'none');
    const toNone = ['training-set', 'build', '--out', none];
    const unknown = [...toNone, '--features', 'nothing', '--spine', spine, '--json'];
    expect(jsonOf(await served.remote(...unknown)).code).toBe(jsonOf(await served.direct(...unknown)).code);
    const lacking = [...toNone, '--features', 'ad_stats', '--spine', 'missing.csv'];
    const refused = { code: 1, stderr: expect.stringContaining('missing.csv cannot be read: ENOENT.\n') };
    expect(await served.remote(...lacking)).toMatchObject(refused);
    expect(await served.direct(...lacking)).toMatchObject(refused);
    expect(existsSync(none)).toBe(false);
  },
);

test.for([
  ['rows that differ from the manifest', 'all.csv', 'a\n2\n'],
  ['more bytes than the manifest says', 'all.csv', 'a\n1\n3\n'],
  ['a file beside the folder', '../all.csv', 'a\n1\n'],
] as const)('%s are not kept', async ([, path, rows]) => {
  const id = '01999999-9999-7999-8999-999999999999';
  const sha256 = createHash('sha256').update('a\n1\n').digest('hex');
  const server = createServer((request, response) => {
    request.resume();
    if (request.url?.includes('/rows') === true) return response.end(rows);
    response.setHeader('content-type', 'application/json');
    const files = [{ part: 'all', path, format: 'csv', rows: 1, size_bytes: 4, sha256 }];
    return response.end(
      JSON.stringify({
        training_set_id: id,
        status: request.method === 'POST' ? 'queued' : 'complete',
        manifest: { spine: { source: { kind: 'predictions' } }, files },
      }),
    );
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((listening) => server.once('listening', listening));
  const parent = join(inject('testFolder'), `copied-${rows.length}-${path.length}-${rows.charCodeAt(2)}`);
  const refused = await larder(
    [
      ...'training-set build --model ad_ctr --predictions ad_ctr --json'.split(' '),
      '--out',
      join(parent, 'set'),
    ],
    {
      LARDER_PROJECT: 'nowhere/larder.config.ts',
      LARDER_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    },
  );
  expect(jsonOf(refused)).toMatchObject({ code: 'SERVICE_ANSWER_INVALID' });
  expect(readdirSync(parent)).toEqual([]);
});
