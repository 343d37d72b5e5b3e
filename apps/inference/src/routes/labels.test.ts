import { storedLabelsSchema } from '@larder/contracts';
import { newId } from '@larder/core';
import { expect, vi } from 'vitest';
import { test, type Service } from '../testing/inference-test.ts';

const click = (changed: object = {}) => ({
  name: 'clicked',
  event_id: newId(),
  prediction_id: newId(),
  event_timestamp: '2026-11-20T09:31:00Z',
  value: true,
  ...changed,
});

const post = async ({ http }: Service, labels: readonly unknown[]) => http.post('/v1/labels', { labels });

test('every label is stored, known or refused for itself', async ({ service }) => {
  const first = click();
  const ahead = new Date(Date.now() + 10 * 60_000).toISOString();
  const { prediction_id: _, ...noTarget } = click();
  const answer = await post(service, [
    first,
    first,
    { ...first, value: false },
    click({ event_timestamp: ahead }),
    click({ event_timestamp: new Date(Date.now() + 60_000).toISOString() }),
    { ...noTarget, entity: 'shopper', key: 'NL|7' },
    { ...noTarget, event_id: 'k', entity: 'shopper', key: 'NL' },
    { ...noTarget, event_id: 'l', entity: 'constructor', key: 'NL' },
    noTarget,
    click({ entity: 'ad', key: 'ad-1' }),
    click({ value: { a: 1 } }),
    click({ event_id: 'same', corrects: 'same' }),
    click({ more: 1, name: 'Clicked', event_id: 'nul\0' }),
    7,
    click({ event_timestamp: '2026-11-21T09:30:00.123456+23:59' }),
    click({ event_id: 'text', value: 'maybe' }),
  ]);
  expect(answer.status).toBe(200);
  const refused = [
    [2, 'LABEL_CONFLICT', ['/labels/2/event_id']],
    [3, 'EVENT_TIMESTAMP_IN_FUTURE', ['/labels/3/event_timestamp']],
    [6, 'ENTITY_KEY_INVALID', ['/labels/6/key']],
    [7, 'REQUEST_INVALID', ['/labels/7/entity']],
    [8, 'REQUEST_INVALID', ['/labels/8/prediction_id']],
    [9, 'REQUEST_INVALID', ['/labels/9/prediction_id']],
    [10, 'REQUEST_INVALID', ['/labels/10/value']],
    [11, 'REQUEST_INVALID', ['/labels/11/corrects']],
    [12, 'REQUEST_INVALID', ['/labels/12/name', '/labels/12/event_id', '/labels/12/more']],
    [13, 'REQUEST_INVALID', ['/labels/13']],
    [15, 'REQUEST_INVALID', ['/labels/15/value']],
  ].map(([index, code, pointers]) => ({
    index,
    code,
    errors: (pointers as string[]).map((pointer) => ({ pointer, detail: expect.any(String) })),
  }));
  expect(answer.body).toEqual({ stored: 4, known: 1, refused });
  const later = await post(service, [
    click({ event_id: 'text', value: 'maybe' }),
    click({ event_id: 'other', name: 'mood', value: 'fine' }),
  ]);
  expect(later.body).toMatchObject({ stored: 1, refused: [{ index: 0, code: 'REQUEST_INVALID' }] });
});

test('GET shows what is on record, what is current, and what was known then', async ({ service }) => {
  const first = click({ value: 1 });
  await post(service, [first]);
  const before = new Date();
  await expect.poll(() => Date.now()).toBeGreaterThan(before.getTime());
  const correction = click({ prediction_id: first.prediction_id, value: 0, corrects: first.event_id });
  await post(service, [correction]);
  const find = async (query: string) => {
    const { status, body } = await service.http.get(
      `/v1/labels?prediction_id=${first.prediction_id}${query}`,
    );
    expect(status).toBe(200);
    return storedLabelsSchema.parse(body).labels.map(({ value, current }) => [value, current]);
  };
  expect(await find('')).toEqual([
    [0, true],
    [1, false],
  ]);
  expect(await find(`&as_of=${before.toISOString()}`)).toEqual([[1, true]]);
  expect(await find('&name=bought')).toEqual([]);

  const { prediction_id: _, ...of } = click();
  await post(service, [{ ...of, entity: 'shopper', key: 'NL|8', name: 'size', value: 'big' }]);
  const { body } = await service.http.get('/v1/labels?entity=shopper&key=NL%7C8');
  expect(body).toMatchObject({ labels: [{ key: 'NL|8', prediction_id: null, value: 'big', current: true }] });
});

test.for([
  ['?', '/prediction_id'],
  ['?entity=ad', '/prediction_id'],
  [`?entity=ad&key=1&prediction_id=${newId()}`, '/prediction_id'],
  ['?entity=banner&key=1', '/entity'],
  ['?prediction_id=7', '/prediction_id'],
  [`?prediction_id=${newId()}&as_of=yesterday`, '/as_of'],
] as const)('GET %s is refused', async ([query, pointer], { service }) => {
  const answer = await service.http.get(`/v1/labels${query}`);
  expect(answer).toMatchObject({ status: 422, body: { code: 'REQUEST_INVALID', errors: [{ pointer }] } });
});

test('at most a thousand labels of a megabyte', async ({ service }) => {
  const labels = Array.from({ length: 1_001 }, () => 1);
  expect(await post(service, labels)).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/labels' }] },
  });
  expect(await post(service, ['x'.repeat(1_100_000)])).toMatchObject({ status: 413 });
});

test('a flood of labels waits in a short line, and the rest is told to come back', async ({ service }) => {
  const floods = await service.offlineStore.transaction(async ({ client }) => {
    await client.query('lock table larder.labels in exclusive mode');
    const all = Array.from({ length: 40 }, () => post(service, [click()]));
    const refused: number[] = [];
    for (const each of all)
      void each.then(({ status }) => {
        if (status === 503) refused.push(status);
      });
    await vi.waitUntil(() => refused.length === 8, { timeout: 4_000 });
    return all;
  });
  const answers = await Promise.all(floods);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(32);
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.map(({ body }) => (body as { code: string }).code)).toEqual(Array(8).fill('OVERLOADED'));
  expect((await post(service, [click()])).status).toBe(200);
});
