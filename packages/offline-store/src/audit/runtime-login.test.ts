import { sql } from 'kysely';
import { test as base } from '@larder/testing';
import { describe, expect } from 'vitest';
import {
  appendHistory,
  createOfflineStore,
  createPredictionLog,
  canRewriteAudit,
  dropExpired,
  ensureHistory,
  migrate,
  readAudit,
  recordAudit,
  startSequencer,
  type OfflineStore,
} from '../index.ts';
import { ensureChangePartitions } from '../changes/change-partitions.ts';
import { prediction } from '../testing/prediction.ts';
import { project, row, silent, view } from '../testing/store.ts';
import { splitLogins, type TwoLogins } from '../testing/two-logins.ts';

interface Stores {
  readonly logins: TwoLogins;
  readonly owner: OfflineStore;
  readonly runtime: OfflineStore;
}

const test = base.extend<{ $file: { stores: Stores } }>({
  stores: [
    async ({ database }, use) => {
      const logins = await splitLogins(database.url);
      const owner = createOfflineStore({ databaseUrl: logins.ownerUrl, logger: silent });
      const runtime = createOfflineStore({ databaseUrl: logins.runtimeUrl, logger: silent });
      await use({ logins, owner, runtime });
      await owner.close();
      await runtime.close();
    },
    { scope: 'file' },
  ],
});

const entry = { project: 'shop', action: 'alias.move', subject: 'model ad_ctr@champion' } as const;

describe('the runtime login', () => {
  test('may not migrate, and says who may', async ({ stores }) => {
    await expect(migrate(stores.runtime)).rejects.toMatchObject({
      code: 'DATABASE_NOT_MIGRATED',
      message: expect.stringContaining('larder migrate'),
      retryAfterSeconds: 5,
    });
    expect((await migrate(stores.owner)).applied.length).toBeGreaterThan(30);
    expect(await migrate(stores.runtime)).toEqual({ applied: [] });
  });

  test('writes the audit and reads it', async ({ stores: { runtime } }) => {
    await runtime.transaction((tx) => recordAudit(tx, entry));
    expect((await readAudit(runtime, { project: 'shop' }, { limit: 1 })).entries).toHaveLength(1);
  });

  const month = async ({ db }: OfflineStore) =>
    (
      await sql<{ name: string }>`select inhrelid::regclass::text as name from pg_inherits
        where inhparent = 'larder.audit'::regclass order by 1 limit 1`.execute(db)
    ).rows[0]?.name ?? '';

  test.for([
    `update larder.audit set actor = 'nobody'`,
    `delete from larder.audit`,
    `truncate larder.audit`,
    `insert into larder.audit (audit_id, at, project, actor, action, subject, outcome)
       values (gen_random_uuid(), '2000-01-01', 'shop', 'x', 'x', 'x', 'done')`,
    `update MONTH set actor = 'nobody'`,
    `delete from MONTH`,
    `truncate MONTH`,
    `insert into MONTH select * from MONTH`,
    `drop table MONTH`,
    `alter table larder.audit detach partition MONTH`,
    `alter table larder.audit add column more text`,
    `alter table larder.audit disable trigger all`,
    `alter table larder.audit owner to current_user`,
    `drop table larder.audit cascade`,
    `drop schema larder cascade`,
    `alter schema larder rename to other`,
    `create table larder.audit_2099_01 (like larder.audit)`,
    `create trigger hide before insert on larder.audit for each row execute function suppress_redundant_updates_trigger()`,
    `create rule hide as on insert to larder.audit do instead nothing`,
    `create policy hide on larder.audit using (false)`,
    `select larder.drop_partition('audit_2026_11')`,
    `select larder.drop_partition('changes_2026_11_01; drop table larder.audit')`,
    `select larder.add_partition('audit', '2099_01''); drop table larder.audit; --', now(), now())`,
    `create or replace function larder.add_audit_months() returns void language sql as 'select 1'`,
    `drop function larder.add_audit_months()`,
    `delete from larder.migrations`,
    `set role to OWNER`,
  ])('cannot: %s', async (statement, { stores: { runtime, logins } }) => {
    const before = await readAudit(runtime, { project: 'shop' }, { limit: 10 });
    const owner = logins.runtime.replace('app', 'owner');
    const text = statement.replaceAll('MONTH', await month(runtime)).replaceAll('OWNER', owner);
    await expect(runtime.pool.query(text)).rejects.toThrow(
      /permission denied|must be owner|does not (?:drop|make)|no schema has been selected/,
    );
    expect(await readAudit(runtime, { project: 'shop' }, { limit: 10 })).toEqual(before);
  });

  test('does everything else: history, partitions, the log, the feed, retention', async ({
    stores: { runtime },
  }) => {
    const image = view('ad_image', [{ name: 'brightness', type: 'float32' }]);
    await ensureHistory(runtime, project, image);
    await runtime.transaction((tx) =>
      appendHistory(tx, project, image, [row('ad-1', { values: { brightness: 1 } })]),
    );
    const log = createPredictionLog({ store: runtime, project: 'shop', logger: silent });
    log.append(prediction({ predictedAtMs: Date.now() }));
    log.append(prediction({ predictedAtMs: Date.UTC(2020, 1, 5) }));
    await log.close();
    const logged = await runtime.pool.query('select 1 from larder.predictions');
    expect(logged.rowCount).toBe(2);
    await ensureChangePartitions(runtime);
    const sequencer = startSequencer({ store: runtime, logger: silent });
    await sequencer.close();
    const dropped = await dropExpired(runtime, {
      changesMs: 86_400_000,
      predictionsMs: 86_400_000,
      auditMs: 86_400_000,
    });
    expect(dropped).toEqual(['predictions_2020_02']);
    await runtime.pool.query(`select larder.analyze_columns('erasures', array['entity_key'])`);
  });

  test('cannot drop months of the audit; the owner can', async ({ stores: { owner, runtime } }) => {
    await runtime.pool.query(`select larder.add_partition('audit', '2020_02', '2020-02-01', '2020-03-01')`);
    const retention = { changesMs: 'forever', predictionsMs: 'forever', auditMs: 86_400_000 } as const;
    expect(await dropExpired(runtime, retention)).toEqual([]);
    expect(await dropExpired(owner, retention)).toEqual(['audit_2020_02']);
  });

  test('is told apart from one that could rewrite the audit', async ({
    stores: { owner, runtime, logins },
    database,
  }) => {
    expect(await canRewriteAudit(runtime)).toBe(false);
    expect(await canRewriteAudit(owner)).toBe(true);
    await owner.pool.query(`grant delete on larder.audit to ${logins.runtime}`);
    expect(await canRewriteAudit(runtime)).toBe(true);
    await owner.pool.query('select larder.shield_audit()');
    expect(await canRewriteAudit(runtime)).toBe(false);
    expect(database.url).not.toBe(logins.runtimeUrl);
  });
});

base('a database that one login used is split, with its history', async ({ database }) => {
  const single = createOfflineStore({ databaseUrl: database.url, logger: silent });
  await migrate(single);
  const image = view('ad_old', [{ name: 'brightness', type: 'float32' }]);
  await ensureHistory(single, project, image);
  await single.transaction((tx) => recordAudit(tx, entry));
  const { runtimeUrl } = await splitLogins(database.url);
  const runtime = createOfflineStore({ databaseUrl: runtimeUrl, logger: silent });
  await runtime.transaction((tx) =>
    appendHistory(tx, project, image, [
      row('ad-1', { eventTimestampMs: Date.UTC(2001, 1, 1), values: { brightness: 1 } }),
    ]),
  );
  await runtime.transaction((tx) => recordAudit(tx, entry));
  await expect(runtime.pool.query('delete from larder.audit')).rejects.toThrow('permission denied');
  await runtime.close();
  await single.close();
});
