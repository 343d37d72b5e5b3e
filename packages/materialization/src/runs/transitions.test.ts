import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@larder/core';
import type { OfflineStore, RunStatus, StoreTransaction } from '@larder/offline-store';
import { createOfflineStore } from '@larder/offline-store';
import { silent } from '@larder/offline-store/testing';
import { describe, expect } from 'vitest';
import { BROKEN, LEASE_MS, VIEW, badPicture, newRun, test } from '../testing/runs.ts';
import {
  CASE_TOKEN,
  goneView,
  STATE_CASES,
  historyOf,
  seedCases,
  type SeededCase,
} from '../testing/state-cases.ts';
import * as runs from './index.ts';
import { findRunViolations } from './find-run-violations.ts';
import { TRANSITIONS, type Lock, type Transition, type Verb } from './transitions.ts';

interface At {
  readonly store: OfflineStore;
  readonly project: string;
  readonly one: SeededCase;
  readonly attempt: { readonly chunkId: number; readonly attempt: number };
  readonly planned: runs.RunToPlan;
}
/** One way to call a verb on a run in some state; some act on every run of the project. */
type Use = (at: At) => Promise<unknown>;

const views = [VIEW];
const other = [{ ...VIEW, fingerprint: 'f2' }];
const PARTS = [
  { bounds: {}, rows: 5 },
  { bounds: {}, rows: 5 },
];
const pushed = (project: string) => ({
  ...VIEW,
  project,
  runId: newId(),
  counts: { done: 0, failed: 1, skipped: 0, duplicate: 0 },
  failures: [{ ...badPicture('a'), keys: null }],
  leaseMs: LEASE_MS,
});
const inTx =
  (work: (tx: StoreTransaction, at: At) => Promise<unknown>): Use =>
  (at) =>
    at.store.transaction((tx) => work(tx, at));

const USES: Readonly<Record<Verb, readonly Use[]>> = {
  createRun: [({ store, project }) => runs.createRun(store, newRun(project))],
  landPushedRun: [inTx((tx, { project }) => runs.landPushedRun(tx, pushed(project)))],
  stagePushedRun: [
    inTx((tx, { project }) =>
      runs.stagePushedRun(tx, {
        ...pushed(project),
        rows: [{ entityKey: 'a', keys: ['a'], columns: { text: 'a' } }],
        chunkRows: 10,
      }),
    ),
  ],
  feedRun: [
    inTx((tx, { project }) =>
      runs.feedRun(tx, {
        project,
        view: { name: VIEW.view, version: VIEW.version, fingerprint: VIEW.fingerprint, chunk_rows: 2 },
        runId: null,
        parentRunIds: [],
        keys: [['a'], ['b'], ['c']],
      }),
    ),
  ],
  endFeeding: [inTx((tx, { one }) => runs.endFeeding(tx, one.runId))],
  claimRunToPlan: [({ store, project }) => runs.claimRunToPlan(store, { project, views, leaseMs: LEASE_MS })],
  extendPlanning: [({ store, planned }) => runs.extendPlanning(store, planned, LEASE_MS)],
  savePlan: [({ store, planned }) => runs.savePlan(store, planned, PARTS)],
  failPlanning: [true, false].map(
    (retryable) =>
      ({ store, planned }) =>
        runs.failPlanning(store, planned, { ...BROKEN, retryable }),
  ),
  dispatchChunks: [
    ({ store, project }) => runs.dispatchChunks(store, { project, views, dispatcher: project, slots: 100 }),
  ],
  claimChunk: [({ store, attempt }) => runs.claimChunk(store, attempt, { worker: 'w', leaseMs: LEASE_MS })],
  heartbeatChunk: [
    ({ store, attempt }) =>
      runs.heartbeatChunk(store, attempt, {
        leaseMs: LEASE_MS,
        progress: { done: 1, failed: 0, skipped: 0 },
      }),
  ],
  giveBackChunk: [({ store, attempt }) => runs.giveBackChunk(store, attempt)],
  failChunk: [true, false].map(
    (retryable) =>
      ({ store, attempt }) =>
        runs.failChunk(store, attempt, { ...BROKEN, retryable }),
  ),
  expireLeases: [({ store, project }) => runs.expireLeases(store, { project, backoffMs: 0 })],
  splitChunk: [({ store, attempt }) => runs.splitChunk(store, attempt, PARTS)],
  recordLanding: [
    inTx(async (tx, { one, attempt }) => {
      if (!(await runs.lockChunk(tx, attempt))) return;
      const counts = { done: 9, failed: 1, skipped: 0, duplicate: 0 };
      const failures = [badPicture('a')];
      await runs.recordLanding(tx, { ...attempt, runId: one.runId, counts, failures, leaseMs: LEASE_MS });
    }),
  ],
  completeChunk: [({ store, attempt }) => runs.completeChunk(store, attempt.chunkId, 0)],
  endPushedRun: [
    ({ store, one, attempt: { chunkId } }) =>
      runs.endPushedRun(store, { runId: one.runId, chunkId, created: 0 }),
  ],
  claimStaleDispatches: [
    ({ store, project }) => runs.claimStaleDispatches(store, { project, olderThanMs: 1_000, limit: 100 }),
  ],
  claimLandedChunks: [
    ({ store, project }) => runs.claimLandedChunks(store, { project, views, leaseMs: LEASE_MS, limit: 100 }),
  ],
  retryWaitingRows: [({ store, project }) => runs.retryWaitingRows(store, project)],
  decideGone: [
    ({ store, project }) => runs.decideGone(store, { project: historyOf(project), find: goneView }),
  ],
  finishRuns: [({ store, project }) => runs.finishRuns(store, project)],
  foldRuns: [({ store, project, one }) => runs.foldRuns(store, project, [one.runId])],
  seeLoadedRuns: [({ store, project }) => runs.seeLoadedRuns(store, { project, views, graceMs: 60_000 })],
  failUnloadedRuns: [
    ({ store, project }) => runs.failUnloadedRuns(store, { project, views: other, graceMs: 60_000 }),
  ],
  forgetEndedRuns: [({ store, project }) => runs.forgetEndedRuns(store, project, { runsMs: 0, pushesMs: 0 })],
  pauseRun: [({ store, project, one }) => runs.pauseRun(store, project, one.runId)],
  resumeRun: [({ store, project, one }) => runs.resumeRun(store, project, one.runId)],
  cancelRun: [({ store, project, one }) => runs.cancelRun(store, project, one.runId)],
  retryFailed: [({ store, project, one }) => runs.retryFailed(store, project, one.runId)],
  adoptFingerprintIn: [
    inTx((tx, { project }) => runs.adoptFingerprintIn(tx, { ...VIEW, fingerprint: 'f2', project })),
  ],
  forgetViewVersionIn: [
    inTx((tx, { project }) =>
      runs.forgetViewVersionIn(tx, { project, ...VIEW, was: 'a'.repeat(64), now: 'b'.repeat(64) }),
    ),
  ],
};
const VERBS = Object.keys(TRANSITIONS) as Verb[];
const ASKED = new Set<Verb>(['pauseRun', 'resumeRun', 'cancelRun', 'retryFailed']);

function usedAt(store: OfflineStore, project: string, one: SeededCase): At {
  const { runId } = one;
  return {
    store,
    project,
    one,
    attempt: { chunkId: one.chunkId ?? -1, attempt: 1 },
    planned: { ...VIEW, runId, scope: { all: true }, rowLimit: null, planningToken: CASE_TOKEN },
  };
}

interface Row {
  readonly table: 'run' | 'chunk';
  readonly id: string;
  readonly state: string;
  readonly run: RunStatus;
  /** The whole row: extending a lease changes it. */
  readonly text: string;
}

async function look(store: OfflineStore, project: string): Promise<Map<string, Row>> {
  const { rows } = await store.pool.query<Row>(
    `select 'run' as table, run_id::text as id, status as state, status as run, r::text as text
     from larder.runs r where project = $1
     union all select 'chunk', chunk_id::text, state, r.status, c::text
     from larder.chunks c join larder.runs r using (run_id) where r.project = $1`,
    [project],
  );
  return new Map(rows.map((row) => [`${row.table} ${row.id}`, row]));
}

/** What a verb moved, as `run queued → running`, and the runs whose chunks it moved. */
function moved(before: Map<string, Row>, after: Map<string, Row>) {
  const made: string[] = [];
  const ofRuns: string[] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(name), after.get(name)];
    if (was?.state === is?.state) continue;
    made.push(`${(was ?? is)?.table} ${was?.state ?? 'none'} → ${is?.state ?? 'gone'}`);
    if ((was ?? is)?.table === 'chunk') ofRuns.push((was ?? is)?.run ?? '');
  }
  return { made, ofRuns };
}

function declared({ run = {}, chunk = {} }: Transition): string[] {
  return [
    ...Object.entries(run).flatMap(([from, to]) => to.map((state) => `run ${from} → ${state}`)),
    ...Object.entries(chunk).flatMap(([from, to]) => to.map((state) => `chunk ${from} → ${state}`)),
  ].toSorted();
}

describe('a verb moves what the table lists, and nothing else', () => {
  test.for(VERBS)('%s', async (verb, { store }) => {
    const transition: Transition = TRANSITIONS[verb];
    const made = new Set<string>();
    const ofRuns = new Set<string>();
    for (const use of USES[verb]) {
      const project = `p${newId()}`;
      const cases = await seedCases(store, project, STATE_CASES);
      expect(await findRunViolations(store, project)).toEqual([]);
      const before = await look(store, project);
      for (const one of cases) {
        const refused = await use(usedAt(store, project, one)).then(
          () => false,
          (error: { code?: string }) => {
            if (error.code !== 'RUN_STATE_CONFLICT') throw error;
            return true;
          },
        );
        const knows = one.status in (transition.run ?? {}) || (transition.content ?? []).includes(one.status);
        if (ASKED.has(verb)) expect([one.status, refused]).toEqual([one.status, !knows]);
      }
      const found = moved(before, await look(store, project));
      expect(await findRunViolations(store, project)).toEqual([]);
      for (const move of found.made) made.add(move);
      for (const status of found.ofRuns) ofRuns.add(status);
    }
    expect([...made].toSorted()).toEqual(declared(transition));
    if (transition.ofRuns) expect([...ofRuns].toSorted()).toEqual([...transition.ofRuns].toSorted());
  });
});

const HELD = [
  ['run', 'for no key update'],
  ['run', 'for update'],
  ['chunk', 'for no key update'],
] as const;

describe('a verb takes the locks that the table lists', () => {
  const existing = VERBS.filter(
    (verb) => !['createRun', 'landPushedRun', 'stagePushedRun', 'feedRun'].includes(verb),
  );

  test.for(existing)('%s', async (verb, { store, database }) => {
    const { locks }: Transition = TRANSITIONS[verb];
    const use = USES[verb].at(-1);
    if (!use) throw new Error('The verb is not used.');
    const url = `${database.url}${database.url.includes('?') ? '&' : '?'}options=-c%20lock_timeout%3D60`;
    const hasty = createOfflineStore({ databaseUrl: url, logger: silent });
    try {
      const one = await actingCase(store, use, locks.chunk !== undefined);
      for (const [table, mode] of HELD) {
        if (table === 'chunk' && one.chunk === null) continue;
        const answers = await underLock(store, { one, table, mode }, (seeded, project) =>
          outcome(hasty, project, () => use(usedAt(hasty, project, seeded))),
        );
        expect([table, mode, answers]).toEqual([table, mode, expected(locks[table], mode)]);
      }
    } finally {
      await hasty.close();
    }
  });

  function expected(lock: Lock | undefined, mode: string): string {
    if (lock === 'waits' || (lock === 'shares' && mode === 'for update')) return 'waits';
    return lock === 'skips' ? 'skips' : 'acts';
  }

  /** A case in which the verb changes something; of a chunk when the verb is about chunks. */
  async function actingCase(store: OfflineStore, use: Use, ofChunk: boolean) {
    for (const one of STATE_CASES) {
      const project = `p${newId()}`;
      const [seeded] = await seedCases(store, project, [one]);
      if (!seeded) throw new Error('Nothing was seeded.');
      const before = await look(store, project);
      await use(usedAt(store, project, seeded)).catch(() => undefined);
      const after = await look(store, project);
      const changed = [...before].filter(([name, row]) => after.get(name)?.text !== row.text);
      if (changed.some(([, row]) => !ofChunk || row.table === 'chunk')) return one;
    }
    throw new Error('The verb changes nothing in any state.');
  }

  async function underLock(
    store: OfflineStore,
    held: { one: (typeof STATE_CASES)[number]; table: 'run' | 'chunk'; mode: string },
    work: (seeded: SeededCase, project: string) => Promise<string>,
  ): Promise<string> {
    const project = `p${newId()}`;
    const [seeded] = await seedCases(store, project, [held.one]);
    if (!seeded) throw new Error('Nothing was seeded.');
    return store.transaction(async ({ client }) => {
      await client.query(
        held.table === 'run'
          ? `select from larder.runs where run_id = '${seeded.runId}' ${held.mode}`
          : `select from larder.chunks where run_id = '${seeded.runId}' ${held.mode}`,
      );
      return work(seeded, project);
    });
  }

  async function outcome(
    store: OfflineStore,
    project: string,
    work: () => Promise<unknown>,
  ): Promise<string> {
    const before = [...(await look(store, project))].map(([, row]) => row.text);
    try {
      await work();
    } catch (error) {
      if ((error as { code?: string }).code === '55P03') return 'waits';
      throw error;
    }
    const after = [...(await look(store, project))].map(([, row]) => row.text);
    return before.join() === after.join() ? 'skips' : 'acts';
  }
});

/** Erasing takes a key out of what runs and chunks name and counts its rows: it moves no run and no chunk. */
const ERASING = [
  'packages/offline-store/src/erasure/erase-history.ts',
  'packages/materialization/src/runs/landing/count-erased-rows.ts',
  'packages/materialization/src/erasure/erase-queued-work.ts',
];

test('only verbs of the table change runs and chunks; erasing moves none', () => {
  const root = join(import.meta.dirname, '../../../..');
  const changes =
    /(?:update|insert into|delete from)\s+larder\.(?:runs|chunks)\b|(?:updateTable|insertInto|deleteFrom)\('larder\.(?:runs|chunks)'\)/i;
  const isVerb = VERBS.map((verb) => new RegExp(`^export (?:async )?function ${verb}\\(`, 'm'));
  const changing = globSync('{packages,apps}/*/src/**/*.ts', { cwd: root })
    .filter((file) => !/\.test\.ts$|\/testing\//.test(file))
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))
    .filter(({ text }) => changes.test(text));
  expect(changing.length).toBeGreaterThan(15);
  const strangers = changing.filter(({ text }) => !isVerb.some((verb) => verb.test(text)));
  expect(strangers.map(({ file }) => file).toSorted()).toEqual(ERASING.toSorted());
  for (const { text } of strangers)
    expect(text).not.toMatch(/(?:\bset|,)\s+(?:state|status)\s*=|\b(?:state|status)\s*:/);
});
