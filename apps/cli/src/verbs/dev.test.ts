import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning } from '@larder/infra';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { copyShop, jsonOf, larder as larderHere, runCli, startCli } from '../../fixtures/run-cli.ts';

interface DevEvent {
  readonly event: string;
  readonly [member: string]: unknown;
}

interface Held {
  readonly views: readonly { readonly ref: string; readonly values: Record<string, unknown> | null }[];
}

const folder = join(inject('testFolder'), `dev-${randomBytes(4).toString('hex')}`);
const larder = (...args: string[]) => runCli([...args, '--json'], { cwd: folder });
const events: DevEvent[] = [];
let dev: ChildProcess;
/** Address of the service. */
let url = '';
let remarks = '';
let seen = 0;

/** The next event, in order: none is skipped. */
async function nextEvent(): Promise<DevEvent> {
  const at = seen++;
  await vi.waitUntil(
    () => {
      if (dev.exitCode !== null) throw new Error(`larder dev ended:\n${remarks}`);
      return events.length > at;
    },
    { timeout: 60_000, interval: 20 },
  );
  return events[at] as DevEvent;
}

function edit(file: string, from: string, to: string): void {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

async function isDown(): Promise<boolean> {
  return fetch(`${url}/health/live`).then(
    () => false,
    () => true,
  );
}

async function blue(): Promise<Held['views']> {
  const result = await larder('inspect', 'picture', 'blue.png');
  return result.code === 0 ? (jsonOf(result) as unknown as Held).views : [];
}

async function score(): Promise<unknown> {
  const args = ['--picture_id', 'blue.png', '--width', '300', '--height', '400'];
  return jsonOf(await larder('predict', 'appeal', ...args))['outputs'];
}

describe('larder dev', () => {
  beforeAll(async () => {
    await larderHere(['init', folder]);
    const LARDER_CONNECTION_SHOP_URL = inject('postgresUrl').replace('%DATABASE%', 'postgres');
    dev = startCli(['dev', '--json', '--port', '28570'], {
      cwd: folder,
      env: { LARDER_CONNECTION_SHOP_URL },
    });
    let stdout = '';
    dev.stdout?.on('data', (text: Buffer) => {
      const lines = (stdout + text.toString()).split('\n');
      stdout = lines.pop() ?? '';
      events.push(...lines.map((line) => JSON.parse(line) as DevEvent));
    });
    dev.stderr?.on('data', (text: Buffer) => (remarks += text.toString()));
    const ready = await nextEvent();
    expect(ready).toMatchObject({ event: 'ready', model_versions: { appeal: 1 } });
    url = String(ready['inference_url']);
  });

  afterAll(() => dev.kill('SIGKILL'));

  test('applies a changed view in place: its rows are set aside and computed anew by the new code', async () => {
    await larder('backfill', 'picture_light');
    const [before] = await blue();
    expect(Object.keys(before?.values ?? {})).toEqual(['brightness', 'contrast', 'aspect']);

    edit('larder.config.ts', 'aspect: f.float32() }', 'aspect: f.float32(), twice: f.float32() }');
    edit('src/picture-light.ts', 'aspect:', 'twice: 2, aspect:');
    const applied = await nextEvent();
    expect(applied).toMatchObject({ event: 'applied', forgotten: ['picture_light@1'] });
    expect(applied['changes']).toEqual([
      'change view picture_light@1 in place, its rows are set aside: feature twice was added; its own code changed',
      'new version 2 of model appeal: view picture_light@1 changed',
    ]);
    expect(await blue()).toEqual([]);

    expect(jsonOf(await larder('backfill', 'picture_light'))).toMatchObject({
      status: 'succeeded',
      rows: { total: 3, done: 3 },
    });
    expect((await blue()).map(({ ref, values }) => [ref, values?.['twice']])).toEqual([
      ['picture_light@1', 2],
    ]);
  });

  test('undoing an edit brings its rows back, without computing them', async () => {
    edit('src/picture-light.ts', 'twice: 2,', 'twice: 4,');
    expect(await nextEvent()).toMatchObject({ event: 'applied', forgotten: ['picture_light@1'] });
    expect(await blue()).toEqual([]);
    edit('src/picture-light.ts', 'twice: 4,', 'twice: 2,');
    expect(await nextEvent()).toMatchObject({
      event: 'applied',
      forgotten: [],
      restored: ['picture_light@1'],
    });
    expect((await blue())[0]?.values).toMatchObject({ twice: 2 });
    expect(jsonOf(await larder('backfill', 'picture_light'))).toMatchObject({
      rows: { total: 3, done: 0, skipped_unchanged: 3 },
    });
    await vi.waitUntil(
      async () => {
        const { views } = jsonOf(await larder('views')) as { views: { ref: string; freshness: unknown }[] };
        return JSON.stringify(views).includes('"rows_online":3');
      },
      { timeout: 60_000 },
    );
  });

  test('a query that its source refuses, or that does not fit, is refused before anything stops', async () => {
    const before = await score();
    const clicks = (query: string) => `
export const clicks = featureView('clicks', {
  version: 1,
  entity: picture,
  ttl: 'forever',
  source: sqlSource({ connection: 'shop', query: ${JSON.stringify(query)} }),
  schema: { clicks: f.int64().safe() },
});
`;
    const good = "select 'blue.png' as picture_id, 3 as clicks, timestamptz '2026-01-01Z' as event_timestamp";
    edit('larder.config.ts', '  project,\n', '  project,\n  sqlSource,\n');
    expect(await nextEvent()).toEqual({ event: 'unchanged' });
    const config = join(folder, 'larder.config.ts');
    const text = readFileSync(config, 'utf8');
    for (const [query, problem] of [
      ['select * from nowhere', 'relation "nowhere" does not exist'],
      [good.replace('3 as', "'many' as"), 'clicks is text, and the view declares int64'],
      [good.replace('clicks', 'clics'), 'the view also needs clicks'],
    ] as const) {
      writeFileSync(config, text + clicks(query));
      expect(await nextEvent()).toMatchObject({
        event: 'error',
        problem: { code: 'SOURCE_QUERY_INVALID', detail: expect.stringContaining(problem) },
      });
      expect(await isDown()).toBe(false);
    }
    expect(await score()).toEqual(before);
    writeFileSync(config, text + clicks(good));
    expect(await nextEvent()).toMatchObject({
      event: 'applied',
      changes: expect.arrayContaining(['create view clicks@1']),
    });
  });

  test('pushed rows are not set aside where nobody can be asked', async () => {
    const rows = join(folder, 'rows.jsonl');
    const event_timestamp = '2026-11-01T10:00:00Z';
    writeFileSync(rows, JSON.stringify({ picture_id: 'blue.png', clicks: 7, event_timestamp }));
    expect(jsonOf(await larder('push', 'clicks', 'rows.jsonl'))).toMatchObject({ accepted: 1 });
    edit('larder.config.ts', ', 3 as clicks', ',  3  AS clicks /* of today */');
    expect(await nextEvent()).toMatchObject({ event: 'applied', changes: [], forgotten: [] });
    edit('larder.config.ts', ',  3  AS clicks /* of today */', ', 3 as clicks');
    expect(await nextEvent()).toMatchObject({ event: 'applied', changes: [], forgotten: [] });
    edit('larder.config.ts', '3 as clicks', '4 as clicks');
    expect(await nextEvent()).toMatchObject({
      event: 'error',
      problem: {
        code: 'DESTRUCTIVE_CHANGE',
        detail: expect.stringMatching(/Nothing was changed\. clicks@1 holds 1 pushed row/),
      },
    });
    expect(await isDown()).toBe(false);
    expect((await blue()).find(({ ref }) => ref === 'clicks@1')?.values).toEqual({ clicks: 7 });
    edit('larder.config.ts', '4 as clicks', '3 as clicks');
    expect(await nextEvent()).toEqual({ event: 'unchanged' });
  });

  test('says what is wrong with a broken file, and the last good definitions go on', async () => {
    const before = await score();
    edit('src/picture-light.ts', 'twice: 2,', 'twice: ,');
    expect(await nextEvent()).toMatchObject({
      event: 'error',
      problem: { code: 'PROJECT_NOT_LOADABLE', detail: expect.stringContaining('picture-light.ts') },
    });
    // the command line reads the broken file too; the service does not
    const answer = await fetch(`${url}/v1/models/appeal/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        entities: { picture_id: 'blue.png' },
        request: { width: 300, height: 400 },
        options: { deadline_ms: 10_000 },
      }),
    });
    expect(((await answer.json()) as { outputs: unknown }).outputs).toEqual(before);
    edit('src/picture-light.ts', 'twice: ,', 'twice: 2,');
    expect(await nextEvent()).toEqual({ event: 'unchanged' });
  });

  test('a model whose artifact does not match its definition is refused before anything stops', async () => {
    edit('larder.config.ts', "pick('brightness', 'contrast')", "pick('contrast', 'brightness')");
    expect(await nextEvent()).toMatchObject({
      event: 'error',
      problem: {
        code: 'MODEL_SIGNATURE_MISMATCH',
        detail: expect.stringContaining('picture_light:contrast'),
      },
    });
    edit('larder.config.ts', "pick('contrast', 'brightness')", "pick('brightness', 'contrast')");
    expect(await nextEvent()).toEqual({ event: 'unchanged' });
  });

  test('a changed on-demand function answers at once, and no row is lost', async () => {
    const before = await score();
    edit('larder.config.ts', 'Math.abs(Math.log(', '3 * Math.abs(Math.log(');
    expect(await nextEvent()).toMatchObject({
      event: 'applied',
      changes: expect.arrayContaining(['change on-demand view slot: code changed']),
      forgotten: [],
    });
    expect(await score()).not.toEqual(before);
    expect(await blue()).toHaveLength(2);
  });

  test('a file saved while the apps start again is what runs in the end, without waiting for them', async () => {
    const before = await score();
    edit('larder.config.ts', '3 * Math.abs(Math.log(', '4 * Math.abs(Math.log(');
    await vi.waitUntil(isDown, { timeout: 60_000, interval: 10 });
    edit('larder.config.ts', '4 * Math.abs(Math.log(', 'Math.abs(Math.log(');
    edit('src/picture-light.ts', 'twice: 2,', 'twice: 3,');
    expect(await nextEvent()).toMatchObject({
      event: 'applied',
      changes: expect.arrayContaining([
        'change on-demand view slot: code changed',
        expect.stringContaining('change view picture_light@1 in place'),
      ]),
      forgotten: ['picture_light@1'],
    });
    await larder('backfill', 'picture_light');
    const light = (await blue()).find(({ ref }) => ref === 'picture_light@1');
    expect(light?.values).toMatchObject({ twice: 3 });
    expect(await score()).not.toEqual(before);
  });

  test('stops everything on SIGTERM', async () => {
    const stack = JSON.parse(readFileSync(join(folder, '.larder/stack.json'), 'utf8')) as {
      apps: Record<string, number>;
    };
    const ended = once(dev, 'exit');
    dev.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    for (const pid of Object.values(stack.apps)) expect(isRunning(pid)).toBe(false);
    expect(existsSync(join(folder, '.larder/stack.json'))).toBe(false);
  });
});

test('refuses stores that are not its own, and says what to do', async () => {
  const LARDER_DATABASE_URL = 'postgresql://shared/features';
  const result = await runCli(['dev', '--json'], { cwd: copyShop(), env: { LARDER_DATABASE_URL } });
  expect(result.code).toBe(2);
  expect(jsonOf(result)).toMatchObject({
    code: 'CONFIGURATION_INVALID',
    detail: expect.stringContaining('env -u LARDER_DATABASE_URL larder dev'),
  });
});
