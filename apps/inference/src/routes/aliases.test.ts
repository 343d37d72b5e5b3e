import { modelVersionsAnswerSchema, aliasSchema, putAliasAnswerSchema } from '@larder/contracts';
import { applyManifest } from '@larder/registry';
import { describe, expect } from 'vitest';
import type { HttpAnswer } from '../testing/http.ts';
import { test, type Service } from '../testing/inference-test.ts';

const CHAMPION = '/v1/models/ad_ctr/aliases/champion';
/** Recorded: whether it is in force depends on the version. */
const MOVED = expect.toBeOneOf([200, 202]);

const etag = ({ headers }: HttpAnswer) => headers.get('etag') ?? '';
const move = (version: number, reason = 'better') => ({ version, reason, accept_incomplete: true });

/** Registers one more version of ad_ctr: only its output differs. */
async function addVersion({ offlineStore, project }: Service, name: string): Promise<void> {
  const model = project.manifest.models['ad_ctr'];
  if (model === undefined) throw new Error('The fixture has no ad_ctr.');
  const outputs = [{ name, type: 'float32' as const }];
  const models = { ...project.manifest.models, ad_ctr: { ...model, outputs } };
  await applyManifest(offlineStore, { ...project.manifest, models }, { actor: 'ada' });
}

describe('aliases over HTTP', () => {
  test('an alias is moved from the state that its ETag names, by one of two people', async ({ service }) => {
    const { http } = service;
    const followed = await http.get(CHAMPION);
    expect(aliasSchema.parse(followed.body)).toMatchObject({ version: 1, move_id: null, kind: null });
    expect(etag(followed)).toBe('"follows-1"');

    const first = await http.put(CHAMPION, move(1), { 'if-match': etag(followed) });
    expect(first.status).toBe(200);
    expect(putAliasAnswerSchema.parse(first.body)).toMatchObject({
      model: 'ad_ctr',
      alias: 'champion',
      version: 1,
      from_version: 1,
      kind: 'promote',
      actor: expect.stringMatching(/^http from .*127\.0\.0\.1$/),
      reason: 'better',
      changed: true,
      in_force: true,
      processes: [{ pid: process.pid, in_force: true, failed: false, reason: null }],
    });
    const pinned = await http.get(CHAMPION);
    expect(etag(pinned)).toBe(etag(first));
    expect(pinned.body).toMatchObject({ move_id: Number(etag(first).replaceAll('"', '')) });

    await addVersion(service, 'other_ctr');
    const two = await Promise.all([
      http.put(CHAMPION, move(2, 'mine'), { 'if-match': etag(pinned) }),
      http.put(CHAMPION, move(2, 'no, mine'), { 'if-match': etag(pinned) }),
    ]);
    // No process can serve it: the file has another output.
    expect(two.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 412]);
    const won = two.find(({ status }) => status === 202);
    expect(won?.body).toMatchObject({
      in_force: false,
      processes: [
        {
          in_force: false,
          failed: true,
          reason: expect.stringMatching(/^cannot serve version 2 and keeps version 1: .*larder apply/),
        },
      ],
    });
    const lost = two.find(({ status }) => status === 412);
    expect(lost?.body).toMatchObject({
      code: 'ALIAS_MOVED',
      detail: expect.stringMatching(/from 1 to 2 .*larder models ad_ctr/),
    });
  });

  test('a move that is repeated because its answer was lost gives the same answer', async ({ service }) => {
    const { http } = service;
    const before = await http.get(CHAMPION);
    const { version } = aliasSchema.parse(before.body);
    const body = move(version === 1 ? 2 : 1, 'once');
    const first = await http.put(CHAMPION, body, { 'if-match': etag(before) });
    const again = await http.put(CHAMPION, body, { 'if-match': etag(before) });
    expect(again.status).toEqual(MOVED);
    expect(etag(again)).toBe(etag(first));
    expect(again.body).toMatchObject({ changed: false });
  });

  test('a new alias is created with If-None-Match: *', async ({ service }) => {
    const { http } = service;
    const shadow = '/v1/models/ad_ctr/aliases/shadow';
    expect(await http.get(shadow)).toMatchObject({ status: 404, body: { code: 'ALIAS_NOT_FOUND' } });
    expect(await http.put(shadow, move(1), { 'if-match': '*' })).toMatchObject({
      status: 412,
      body: { detail: expect.stringContaining('If-None-Match: *') },
    });
    const created = await http.put(shadow, move(1), { 'if-none-match': '*' });
    expect(created).toMatchObject({ status: MOVED, body: { from_version: null, version: 1 } });
    expect((await http.put(shadow, move(1), { 'if-none-match': '*' })).status).toBe(412);
    expect((await http.put(shadow, move(1), { 'if-match': '*' })).status).toEqual(MOVED);
    expect((await http.get('/v1/models/ad_ctr/aliases')).body).toMatchObject({
      aliases: [{ alias: 'champion' }, { alias: 'shadow', version: 1 }],
      moves: expect.arrayContaining([expect.objectContaining({ alias: 'shadow', to_version: 1 })]),
    });
  });

  test.for([
    [{}, 428, 'PRECONDITION_REQUIRED'],
    [{ 'if-match': '"1' }, 422, 'REQUEST_INVALID'],
    [{ 'if-match': 'W/"1"' }, 412, 'ALIAS_MOVED'],
    [{ 'if-match': '"abc"' }, 412, 'ALIAS_MOVED'],
    [{ 'if-match': '"999999"' }, 412, 'ALIAS_MOVED'],
    [{ 'if-match': '*', 'if-none-match': '*' }, 422, 'REQUEST_INVALID'],
    [{ 'if-none-match': '"1"' }, 422, 'REQUEST_INVALID'],
  ] as const)('%o is refused with %i', async ([headers, status, code], { service }) => {
    const answer = await service.http.put(CHAMPION, move(1), headers);
    expect(answer).toMatchObject({ status, body: { code } });
  });

  test('a list of ETags matches when one of them does', async ({ service }) => {
    const { http } = service;
    const now = etag(await http.get(CHAMPION));
    const headers = { 'if-match': `"999999", ${now}` };
    expect((await http.put(CHAMPION, move(1), headers)).status).toEqual(MOVED);
  });

  test.for([
    [{ version: 99, reason: 'x' }, 404, 'MODEL_VERSION_NOT_FOUND'],
    [{ version: 1, reason: ' ' }, 422, 'REQUEST_INVALID'],
    [{ version: 'champion', reason: 'x' }, 422, 'REQUEST_INVALID'],
    [{ version: 1, reason: 'x', actor: 'me' }, 422, 'REQUEST_INVALID'],
  ] as const)('the body %o is refused with %i', async ([body, status, code], { service }) => {
    const answer = await service.http.put(CHAMPION, body, { 'if-match': '*' });
    expect(answer).toMatchObject({ status, body: { code } });
  });

  test('a version whose views still fill has to be accepted, a bad one is refused', async ({ service }) => {
    const { http, offlineStore, project } = service;
    await addVersion(service, 'third_ctr');
    const { versions } = modelVersionsAnswerSchema.parse((await http.get('/v1/models/ad_ctr/versions')).body);
    const version = versions[0]?.version ?? 0;
    const put = (body: object) => http.put(CHAMPION, { reason: 'x', ...body }, { 'if-match': '*' });
    await offlineStore.pool.query(
      'update larder.model_versions set complete_at = null where project = $1 and version = $2',
      [project.name, version],
    );
    expect(await put({ version })).toMatchObject({ status: 409, body: { code: 'MODEL_VERSION_INCOMPLETE' } });
    await offlineStore.pool.query(
      `insert into larder.model_version_marks (project, model, version, mark, actor, reason)
        values ($1, 'ad_ctr', $2, 'bad', 'bea', 'leak')`,
      [project.name, version],
    );
    expect(await put({ version, accept_incomplete: true })).toMatchObject({
      status: 409,
      body: { code: 'MODEL_VERSION_BAD', detail: expect.stringContaining('leak') },
    });
    const now = modelVersionsAnswerSchema.parse((await http.get('/v1/models/ad_ctr/versions')).body);
    expect(now.versions[0]).toMatchObject({ version, state: 'bad', bad: { actor: 'bea', reason: 'leak' } });
  });

  test('a model that is not on record, or could not have this name, is not found', async ({ service }) => {
    for (const path of [
      'nothing/versions',
      'nothing/aliases',
      'nothing/aliases/champion',
      'No%20Name/versions',
    ])
      expect(await service.http.get(`/v1/models/${path}`)).toMatchObject({
        status: 404,
        body: { code: 'MODEL_NOT_FOUND' },
      });
  });
});
