import { auditAnswerSchema } from '@larder/contracts';
import { createRun } from '@larder/materialization/runs';
import { newId } from '@larder/core';
import { applyManifest } from '@larder/registry';
import { describe, expect } from 'vitest';
import { body } from '../testing/ads.ts';
import { test, type Service } from '../testing/inference-test.ts';

async function entries({ http }: Service, query: Readonly<Record<string, string>>) {
  const answer = await http.get(`/v1/audit?${new URLSearchParams(query).toString()}`);
  expect(answer.status).toBe(200);
  return auditAnswerSchema.parse(answer.body).entries;
}

const local = expect.stringMatching(/127\.0\.0\.1$/);

describe('GET /v1/audit', () => {
  test('has a change with who made it, from where, and the state before and after', async ({ service }) => {
    const move = { version: 1, reason: 'pinned', accept_incomplete: true };
    const path = '/v1/models/ad_ctr/aliases/audited';
    const moved = await service.http.put(path, move, {
      'x-request-id': 'asked-1',
      'if-none-match': '*',
    });
    expect(moved.status).toBe(200);
    expect(await entries(service, { request_id: 'asked-1' })).toEqual([
      {
        audit_id: expect.any(String),
        at: expect.any(String),
        actor: expect.stringMatching(/^http from .*127\.0\.0\.1$/),
        key_id: null,
        action: 'alias.move',
        subject: 'model ad_ctr@audited',
        request_id: 'asked-1',
        address: local,
        before: null,
        after: '1',
        outcome: 'done',
        code: null,
        calls: 1,
      },
    ]);
    // Nothing changes: nothing to record.
    const again = await service.http.put(path, move, {
      'x-request-id': 'asked-2',
      'if-match': moved.headers.get('etag') ?? '',
    });
    expect(again.status).toBe(200);
    expect(await entries(service, { request_id: 'asked-2' })).toEqual([]);
  });

  test('has every verb on a run', async ({ service }) => {
    const { http, offlineStore, project } = service;
    const { runId } = await createRun(offlineStore, {
      runId: newId(),
      project: project.name,
      view: 'ad_image',
      version: 1,
      fingerprint: 'f1',
      trigger: 'backfill',
      scope: { all: true },
      rowLimit: null,
      priority: 50,
      maxRowsPerSecond: null,
      force: false,
      idempotencyKey: null,
      requestSha256: 'a',
    });
    for (const verb of ['pause', 'resume', 'cancel'])
      expect((await http.send(`/v1/runs/${runId}/${verb}`, { method: 'POST' })).status).toBe(200);
    const found = await entries(service, { subject: `run ${runId}` });
    expect(found.map(({ action, before, after }) => [action, before, after])).toEqual([
      ['run.cancel', 'queued', 'cancelled'],
      ['run.resume', 'paused', 'queued'],
      ['run.pause', 'queued', 'paused'],
    ]);
  });

  test('has who looked at an entity, erased it and allowed it again, found by a key that it does not hold', async ({
    service,
  }) => {
    const { http, offlineStore } = service;
    await http.get('/v1/entities/ad/ad-secret-7');
    await http.send('/v1/entities/ad/ad-secret-7?reason=asked', { method: 'DELETE' });
    await offlineStore.pool.query(
      `update larder.erasures set completed_at = completed_at - interval '2 hours'`,
    );
    await http.send('/v1/entities/ad/ad-secret-7/allow-again', { method: 'POST' });
    const found = await entries(service, { entity: 'ad', key: 'ad-secret-7' });
    expect(found.map(({ action }) => action)).toEqual([
      'entity.allow-again',
      'entity.forget',
      'entity.inspect',
    ]);
    expect(JSON.stringify(found)).not.toContain('ad-secret-7');
    expect(await entries(service, { entity: 'ad', key: 'ad-other' })).toEqual([]);
    expect((await http.get('/v1/audit?entity=ad')).status).toBe(422);
    expect((await http.get('/v1/audit?entity=nothing&key=x')).status).toBe(404);
  });

  test('has applies, with the digest of what was applied', async ({ service }) => {
    const { offlineStore, project } = service;
    const model = project.manifest.models['ad_ctr'];
    if (model === undefined) throw new Error('The fixture has no ad_ctr.');
    const models = {
      ...project.manifest.models,
      ad_ctr: { ...model, outputs: [{ name: 'x', type: 'float32' as const }] },
    };
    await applyManifest(offlineStore, { ...project.manifest, models }, { actor: 'ada' });
    const [newest] = await entries(service, { action: 'project.apply', limit: '1' });
    expect(newest).toMatchObject({
      subject: `project ${project.name}`,
      before: expect.stringMatching(/^manifest \d+$/),
      after: expect.stringMatching(/^manifest \d+, sha256 [0-9a-f]{64}$/),
    });
  });

  test('goes page by page', async ({ service }) => {
    const first = auditAnswerSchema.parse((await service.http.get('/v1/audit?limit=1')).body);
    expect(first.entries).toHaveLength(1);
    const next = await service.http.get(`/v1/audit?limit=1&cursor=${first.cursor}`);
    const [second] = auditAnswerSchema.parse(next.body).entries;
    expect(second?.audit_id).not.toBe(first.entries[0]?.audit_id);
    expect((await service.http.get('/v1/audit?cursor=eA')).status).toBe(422);
    expect((await service.http.get('/v1/audit?nothing=1')).status).toBe(422);
  });

  test('has no predictions', async ({ service }) => {
    const before = await entries(service, {});
    expect((await service.http.post('/v1/models/ad_ctr/predict', body('ad-1'))).status).toBe(200);
    expect(await entries(service, {})).toHaveLength(before.length);
  });
});
