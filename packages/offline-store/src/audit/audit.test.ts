import { readFile } from 'node:fs/promises';
import { actingAs } from '@larder/core';
import { sql } from 'kysely';
import { describe, expect } from 'vitest';
import { AUDIT_ACTIONS, entitySubject, readAudit, recordAudit, type AuditEntry } from '../index.ts';
import { project, test } from '../testing/store.ts';

const moved: AuditEntry = {
  project: 'shop',
  action: 'alias.move',
  subject: 'model ad_ctr@champion',
  before: '1',
  after: '2',
};

describe('an entry', () => {
  test('names who acts, also behind awaits and timers', async ({ store }) => {
    const ada = { actor: 'ada', keyId: 'k1', requestId: 'r1', address: '10.1.2.3' };
    await actingAs(ada, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      await store.transaction((tx) => recordAudit(tx, moved));
    });
    await store.transaction((tx) => recordAudit(tx, { ...moved, actor: { actor: 'worker' } }));
    await store.transaction((tx) => recordAudit(tx, moved));
    const { entries } = await readAudit(store, { project: 'shop' }, { limit: 10 });
    expect(entries.map((entry) => entry.actor)).toEqual(['unknown', 'worker', 'ada']);
    const { auditId: _id, at, ...entry } = entries[2] ?? { auditId: '', at: new Date(0) };
    expect(entry).toEqual({
      ...ada,
      action: 'alias.move',
      subject: 'model ad_ctr@champion',
      before: '1',
      after: '2',
      outcome: 'done',
      code: null,
      calls: 1,
    });
    expect(Math.abs(Date.now() - at.getTime())).toBeLessThan(60_000);
  });

  test('is not there when its change was rolled back', async ({ store }) => {
    const failed = store.transaction(async (tx) => {
      await recordAudit(tx, { ...moved, subject: 'model rolled@back' });
      throw new Error('the change fails');
    });
    await expect(failed).rejects.toThrow('the change fails');
    const { entries } = await readAudit(
      store,
      { project: 'shop', subject: 'model rolled@back' },
      { limit: 10 },
    );
    expect(entries).toEqual([]);
  });

  test('takes any text, cut to a line', async ({ store }) => {
    const subject = `model ${'x'.repeat(500)}\0\ud800`;
    await store.transaction((tx) => recordAudit(tx, { ...moved, project: 'odd', subject }));
    const { entries } = await readAudit(store, { project: 'odd' }, { limit: 10 });
    expect(entries[0]?.subject).toHaveLength(200);
  });

  test('about an entity does not hold its key', async ({ store }) => {
    const entity = project.entities['ad'];
    if (entity === undefined) throw new Error('The fixture has no ad.');
    const subjectOf = (key: string) =>
      entitySubject(store, { project: 'shop', entity, keys: { ad_id: key } });
    const subject = await subjectOf('ad-42');
    expect(subject).toMatch(/^entity ad [0-9a-f]{64}$/);
    expect(await subjectOf('ad-42')).toBe(subject);
    expect(await subjectOf('ad-43')).not.toBe(subject);
  });
});

describe('reading', () => {
  test('gives every entry once, page by page, newest first, also entries of one microsecond', async ({
    store,
  }) => {
    for (let nth = 0; nth < 7; nth += 1)
      await store.transaction((tx) => recordAudit(tx, { ...moved, project: 'pages', subject: `run ${nth}` }));
    await store.pool.query(
      `insert into larder.audit select gen_random_uuid(), at, project, actor, key_id, action, subject || ' again',
       request_id, address, before, after, outcome, code, calls from larder.audit where project = 'pages'`,
    );
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await readAudit(store, { project: 'pages' }, { cursor, limit: 3 });
      seen.push(...page.entries.map((entry) => entry.subject));
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toHaveLength(14);
    expect(new Set(seen).size).toBe(14);
    expect(seen[0]).toMatch(/^run 6/);
    await expect(readAudit(store, { project: 'pages' }, { cursor: 'eA', limit: 3 })).rejects.toThrow(
      'not a cursor',
    );
  });

  test('filters', async ({ store }) => {
    const record = (entry: Partial<AuditEntry>) =>
      store.transaction((tx) => recordAudit(tx, { ...moved, project: 'filters', ...entry }));
    await record({ actor: { actor: 'ada', keyId: 'k1', requestId: 'r1' } });
    await record({ action: 'run.pause', subject: 'run 42' });
    await record({ action: 'call.refused', subject: 'POST /v1/apply', refused: 'KEY_REQUIRED', calls: 9 });
    const count = async (filter: object) =>
      (await readAudit(store, { project: 'filters', ...filter }, { limit: 10 })).entries.length;
    expect(await count({})).toBe(3);
    expect(await count({ actor: 'ada' })).toBe(1);
    expect(await count({ keyId: 'k1' })).toBe(1);
    expect(await count({ requestId: 'r1' })).toBe(1);
    expect(await count({ action: 'run.pause' })).toBe(1);
    expect(await count({ subject: 'run 42' })).toBe(1);
    expect(await count({ outcome: 'refused' })).toBe(1);
    expect(await count({ from: new Date(Date.now() + 3_600_000) })).toBe(0);
    expect(await count({ to: new Date(Date.now() + 3_600_000) })).toBe(3);
  });
});

test('partitions are made ahead, and again when they are missing', async ({ store }) => {
  const months = async () =>
    (
      await sql<{
        name: string;
      }>`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'larder.audit'::regclass order by 1`.execute(store.db)
    ).rows.map(({ name }) => name);
  const ahead = await months();
  expect(ahead).toHaveLength(3);
  for (const month of ahead) await store.pool.query(`drop table larder.${month}`);
  await Promise.all(
    [1, 2, 3, 4].map(() => store.transaction((tx) => recordAudit(tx, { ...moved, project: 'months' }))),
  );
  expect(await months()).toEqual(ahead);
  expect((await readAudit(store, { project: 'months' }, { limit: 10 })).entries).toHaveLength(4);
});

test('the reference lists every action', async () => {
  const page = await readFile(new URL('../../../../docs/reference/audit.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| `([a-z-]+\.[a-z-]+)` \|/gm)].map(([, action]) => action);
  expect(listed).toEqual(AUDIT_ACTIONS);
});
