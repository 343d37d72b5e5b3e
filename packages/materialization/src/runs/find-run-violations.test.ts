import { newId } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { describe, expect } from 'vitest';
import { test } from '../testing/runs.ts';
import { STATE_CASES, seedCases, type StateCase } from '../testing/state-cases.ts';
import { findRunViolations } from './find-run-violations.ts';

type Wanted = Pick<StateCase, 'status' | 'chunk'> & Partial<StateCase>;

async function seedOne(store: OfflineStore, project: string, wanted: Wanted) {
  const one = STATE_CASES.find((candidate) =>
    Object.entries(wanted).every(([name, value]) => candidate[name as keyof StateCase] === value),
  );
  const [seeded] = one ? await seedCases(store, project, [one]) : [];
  if (!seeded) throw new Error('The case was not seeded.');
  return seeded;
}

const running = (chunk: StateCase['chunk']) => ({ status: 'running', chunk }) as const;
const run = (set: string) => `update larder.runs set ${set} where run_id = '<run>'`;
const chunk = (set: string) => `update larder.chunks set ${set} where run_id = '<run>'`;

/** Violations of each invariant, planted into a valid state. */
const PLANTED: Readonly<Record<string, readonly (readonly [Wanted, string])[]>> = {
  'a run has finished exactly when it has ended': [
    [running('pending'), run('finished_at = now()')],
    [{ status: 'succeeded', chunk: null }, run('finished_at = null')],
  ],
  'a run is paused since a moment exactly while it is paused': [
    [running('pending'), run('paused_at = now()')],
    [{ status: 'paused', chunk: null }, run('paused_at = null')],
  ],
  'a run is planned before it runs': [[{ status: 'queued', chunk: null }, run(`status = 'running'`)]],
  'a queued run is not planned': [[running(null), run(`status = 'queued'`)]],
  'a run that is planned has started': [[running(null), run('started_at = null')]],
  'a planner has a lease': [[{ status: 'queued', chunk: null }, run('planning_lease_expires_at = null')]],
  'only what is to be planned has a planner': [
    [running(null), run('planning_token = gen_random_uuid(), planning_lease_expires_at = now()')],
  ],
  'counts of an ended run are those of its chunks': [
    [{ status: 'succeeded', chunk: 'done' }, run('rows_done = rows_done + 1')],
    [{ status: 'cancelled', chunk: 'done' }, run('rows_total = null')],
  ],
  'a run without failures succeeded, and only such a one': [
    [{ status: 'failed', chunk: 'failed' }, run(`status = 'succeeded'`)],
    [{ status: 'failed', chunk: 'failed' }, run(`status = 'partial'`)],
  ],
  'nothing is counted below zero': [
    [running(null), run('paused_ms = -1')],
    [running('running'), chunk('rows_done = -1')],
  ],
  'an ended run has no open chunk': [
    [running('pending'), run(`status = 'succeeded', finished_at = now(), rows_total = 10, rows_done = 0`)],
  ],
  'only planned runs have chunks': [[running('pending'), run('planned_at = null')]],
  'a chunk has a lease exactly while it is computed or lands': [
    [running('pending'), chunk('lease_expires_at = now()')],
    [running('landed_history'), chunk('lease_expires_at = null')],
  ],
  'a lease has an owner': [[running('running'), chunk('claimed_by = null')]],
  'a dispatched chunk has a dispatcher': [[running('dispatched'), chunk('dispatched_by = null')]],
  'whoever holds a chunk has an attempt': [[running('running'), chunk('attempt = 0')]],
  'a chunk has finished exactly when it has ended': [
    [running('done'), chunk('finished_at = null')],
    [running('pending'), chunk('finished_at = now()')],
  ],
  'what landed landed at a moment': [[running('landed_history'), chunk('landed_at = null')]],
  'counts of a chunk add up': [
    [running('done'), chunk('rows_done = rows_done - 1')],
    [running('pending'), chunk('rows_done = 3')],
    [running('failed'), chunk('rows_failed = 3')],
  ],
  'an attempt breaks five times at most': [
    [running('failed'), chunk('failures = 6')],
    [running('pending'), chunk('failures = 5')],
  ],
  'failed rows of a chunk are counted': [
    [
      { status: 'running', chunk: 'done', failedRow: 'final' },
      chunk('rows_failed = 0, rows_done = rows_total'),
    ],
  ],
  'no row of an ended run waits to be tried again': [
    [
      { status: 'partial', chunk: 'done' },
      `update larder.row_failures set retry_at = now() where run_id = '<run>'`,
    ],
  ],
  'a failed row is of a chunk of its run': [
    [
      { status: 'running', chunk: 'done', failedRow: 'final' },
      `with other as (
         insert into larder.runs (run_id, project, view, version, fingerprint, trigger, scope, priority, force, request_sha256)
         select gen_random_uuid(), project, view, version, fingerprint, trigger, scope, priority, force, 'a'
         from larder.runs where run_id = '<run>' returning run_id)
       update larder.row_failures f set run_id = other.run_id from other where f.run_id = '<run>'`,
    ],
  ],
  'history has rows of landed chunks alone': [
    [
      running('pending'),
      `insert into <history> select chunk_id, now() from larder.chunks where run_id = '<run>'`,
    ],
  ],
  'history has every row of a landed chunk': [
    [
      running('done'),
      `insert into <history> select chunk_id, landed_at from larder.chunks where run_id = '<run>'`,
    ],
    [running('done'), `insert into <history> values (0, '2020-01-01')`],
  ],
};

describe('a violation is found where it is planted', () => {
  test.for(Object.entries(PLANTED))('%s', async ([invariant, planted], { store }) => {
    for (const [wanted, statement] of planted) {
      const project = `p${newId().replaceAll('-', '')}`;
      const history = `${project}_history.ad_image_v1`;
      await store.pool.query(`create schema ${project}_history`);
      await store.pool.query(`create table ${history} (chunk_id bigint, landed_at timestamptz)`);
      const { runId, chunkId } = await seedOne(store, project, wanted);
      expect(await findRunViolations(store, project)).toEqual([]);
      await store.pool.query(statement.replaceAll('<run>', runId).replaceAll('<history>', history));
      const found = await findRunViolations(store, project);
      expect(found.map((violation) => violation.invariant)).toContain(invariant);
      for (const violation of found) if (violation.chunkId !== null) expect(violation.chunkId).toBe(chunkId);
    }
  });

  test('of every invariant', async ({ store }) => {
    const { rows } = await store.pool.query<{ text: string }>(
      `select prosrc as text from pg_proc where proname = 'run_violations'`,
    );
    const named = [...(rows[0]?.text ?? '').matchAll(/(?:\('|select ')([a-z][^']{15,})'/g)].map(
      ([, name]) => name,
    );
    expect(new Set(Object.keys(PLANTED))).toEqual(new Set(named));
  });
});
