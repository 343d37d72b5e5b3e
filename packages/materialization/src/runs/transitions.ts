import type { ChunkState, RunStatus } from '@larder/offline-store';

export type Actor =
  | 'person'
  | 'planner'
  | 'dispatcher'
  | 'worker'
  | 'watchdog'
  | 'push'
  | 'apply'
  | 'follower';

/**
 * What a verb does about a row that another transaction has locked: `waits` for it, `skips` it, or `shares` it with every transaction that does not
 * delete it.
 */
export type Lock = 'waits' | 'skips' | 'shares';

/** Maps a state to the states in which the verb may leave the row; `none` is before the row exists, `gone` after. */
export type Moves<State extends string> = Readonly<
  Partial<Record<State | 'none', readonly (State | 'gone')[]>>
>;

export interface Transition {
  readonly by: readonly Actor[];
  readonly run?: Moves<RunStatus>;
  readonly chunk?: Moves<ChunkState>;
  /** Only chunks of runs in these states. @default any */
  readonly ofRuns?: readonly RunStatus[];
  /** States in which the verb has nothing to do and succeeds; in any other state it is refused. */
  readonly content?: readonly RunStatus[];
  readonly locks: { readonly run?: Lock; readonly chunk?: Lock };
  /** What the verb guarantees. */
  readonly keeps: string;
}

/**
 * The state machine of runs and chunks: every verb, who may use it, what it moves, what it locks. A verb that moves
 * nothing maintains a lease or a count. Tests call each verb in each state and check its result against this table.
 *
 * Locks are taken in one order, which prevents deadlocks:
 * 1. the run, `for no key update` to change it, `for key share` to land or fail a chunk of it: the
 *    foreign keys of `chunks` and `row_failures` take that lock anyway, and the two do not exclude each other;
 * 2. its chunks, `for no key update`. A transaction that holds a chunk never changes the run, and locks several chunks only with
 *    `skip locked` or under the run's lock.
 * `for update` is taken only to delete a run that has ended: it excludes the key share of foreign keys.
 */
export const TRANSITIONS = {
  createRun: {
    by: ['person', 'dispatcher'],
    run: { none: ['queued'] },
    locks: {},
    keeps: 'one run for each idempotency key',
  },
  landPushedRun: {
    by: ['push'],
    run: { none: ['running'] },
    chunk: { none: ['landed_history'] },
    locks: {},
    keeps: 'history in the same transaction, so that nobody sees the chunk before it landed',
  },
  stagePushedRun: {
    by: ['push'],
    run: { none: ['running'] },
    chunk: { none: ['pending', 'done'] },
    locks: {},
    keeps: 'rows, chunks and keys in one transaction; rejected rows are a chunk that has ended',
  },
  feedRun: {
    by: ['follower'],
    run: { none: ['running'] },
    chunk: { none: ['pending'] },
    locks: {},
    keeps: 'chunks are added only to a run that `openFeeding` locked, with the cursor of the feed',
  },
  endFeeding: {
    by: ['follower'],
    locks: { run: 'waits' },
    keeps: 'the runs that fed it have ended, and everything that they landed is in chunks',
  },
  claimRunToPlan: {
    by: ['planner'],
    locks: { run: 'skips' },
    keeps: 'one planner holds the run, by a token and a lease',
  },
  extendPlanning: { by: ['planner'], locks: { run: 'waits' }, keeps: 'only the holder of the token' },
  savePlan: {
    by: ['planner'],
    run: { queued: ['running'] },
    chunk: { none: ['pending'] },
    locks: { run: 'waits' },
    keeps: 'all chunks or none; a run that was paused meanwhile stays paused, planned',
  },
  failPlanning: {
    by: ['planner'],
    run: { queued: ['failed'], paused: ['failed'] },
    locks: { run: 'waits' },
    keeps: 'fails after the fifth time, or at once when it would fail the same way; waits before that',
  },
  dispatchChunks: {
    by: ['dispatcher'],
    chunk: { pending: ['dispatched'] },
    ofRuns: ['running'],
    locks: { run: 'skips', chunk: 'skips' },
    keeps: 'a new attempt, which fences off earlier ones; the run is locked only when it has a rate',
  },
  claimChunk: {
    by: ['worker'],
    chunk: { dispatched: ['running', 'pending'] },
    locks: { chunk: 'waits' },
    keeps: 'a lease; pending again when the run is not running',
  },
  heartbeatChunk: {
    by: ['worker'],
    locks: { chunk: 'waits' },
    keeps: 'only the newest attempt extends its lease',
  },
  giveBackChunk: {
    by: ['worker', 'watchdog'],
    chunk: { dispatched: ['pending'], running: ['pending'] },
    locks: { chunk: 'waits' },
    keeps: 'counts no failure',
  },
  failChunk: {
    by: ['worker'],
    chunk: { running: ['pending', 'failed'] },
    locks: { run: 'shares', chunk: 'skips' },
    keeps: 'failed after the fifth time, or at once when it would fail the same way',
  },
  expireLeases: {
    by: ['watchdog'],
    chunk: { running: ['pending', 'failed'] },
    locks: { run: 'shares', chunk: 'skips' },
    keeps: 'only when the lease has expired; failed after the fifth time',
  },
  splitChunk: {
    by: ['worker'],
    chunk: { running: ['gone'], none: ['pending'] },
    locks: { run: 'waits', chunk: 'waits' },
    keeps: 'the parts have the rows of the whole',
  },
  recordLanding: {
    by: ['worker'],
    chunk: { running: ['landed_history'] },
    locks: { run: 'shares', chunk: 'waits' },
    keeps: 'history, failures and state in one transaction, only by the newest attempt',
  },
  completeChunk: {
    by: ['worker', 'watchdog'],
    chunk: { landed_history: ['done'] },
    locks: { chunk: 'waits' },
    keeps: 'the online store has the rows',
  },
  endPushedRun: {
    by: ['push'],
    run: { running: ['succeeded', 'partial', 'failed'] },
    chunk: { landed_history: ['done'] },
    locks: { run: 'waits', chunk: 'waits' },
    keeps: "the online store has the rows of the run's one chunk; a paused or cancelled run stays so",
  },
  claimStaleDispatches: {
    by: ['watchdog'],
    locks: { chunk: 'skips' },
    keeps: 'one watchdog queries the queue',
  },
  claimLandedChunks: {
    by: ['watchdog'],
    locks: { chunk: 'skips' },
    keeps: 'one watchdog replays, by a lease',
  },
  retryWaitingRows: {
    by: ['watchdog'],
    chunk: { none: ['pending'] },
    ofRuns: ['running'],
    locks: { run: 'skips', chunk: 'waits' },
    keeps: 'failed rows move to a new chunk that retries them alone',
  },
  decideGone: {
    by: ['worker', 'watchdog', 'planner'],
    run: { running: ['held'], held: ['running'] },
    chunk: { none: ['pending'] },
    ofRuns: ['running'],
    locks: { run: 'skips' },
    keeps:
      'keys end only when the run read its whole source; more than the view allows holds it, and older held runs end',
  },
  finishRuns: {
    by: ['worker', 'watchdog', 'planner'],
    run: { running: ['succeeded', 'partial', 'failed'] },
    locks: { run: 'skips' },
    keeps: 'all chunks have ended, no row waits for a retry, and it is decided which keys end',
  },
  foldRuns: {
    by: ['person'],
    locks: { run: 'skips' },
    keeps: 'the counts of an open run, equal to those of its chunks',
  },
  seeLoadedRuns: {
    by: ['watchdog'],
    locks: { run: 'skips' },
    keeps: 'when a process with the code was last seen',
  },
  failUnloadedRuns: {
    by: ['watchdog'],
    run: { queued: ['failed'], running: ['failed'] },
    chunk: { pending: ['failed'], dispatched: ['failed'], running: ['failed'] },
    ofRuns: ['running'],
    locks: { run: 'skips', chunk: 'waits' },
    keeps: 'no process had the code within the grace period or holds a lease; landed rows stay',
  },
  forgetEndedRuns: {
    by: ['watchdog'],
    run: { succeeded: ['gone'], partial: ['gone'], failed: ['gone'], cancelled: ['gone'] },
    chunk: { done: ['gone'], failed: ['gone'], cancelled: ['gone'] },
    locks: { run: 'skips', chunk: 'waits' },
    keeps:
      'runs that ended before the retention are deleted completely, except those not yet in the online store',
  },
  pauseRun: {
    by: ['person'],
    run: { queued: ['paused'], running: ['paused'] },
    content: ['paused'],
    locks: { run: 'waits' },
    keeps: 'running chunks finish, queued ones return to pending when they are claimed',
  },
  resumeRun: {
    by: ['person'],
    run: { paused: ['queued', 'running'], held: ['running'] },
    content: ['queued', 'running'],
    locks: { run: 'waits' },
    keeps: 'queued if it was not planned yet',
  },
  cancelRun: {
    by: ['person'],
    run: { queued: ['cancelled'], running: ['cancelled'], paused: ['cancelled'], held: ['cancelled'] },
    chunk: { pending: ['cancelled'], dispatched: ['cancelled'], running: ['cancelled'] },
    content: ['cancelled'],
    locks: { run: 'waits', chunk: 'waits' },
    keeps: 'landed rows stay and reach the online store',
  },
  retryFailed: {
    by: ['person'],
    run: { partial: ['running'], failed: ['queued', 'running'] },
    chunk: { failed: ['pending'], none: ['pending'] },
    content: ['succeeded'],
    locks: { run: 'waits', chunk: 'waits' },
    keeps: 'failed chunks are retried as a whole, failed rows of done chunks in new chunks',
  },
  adoptFingerprintIn: { by: ['apply'], locks: { run: 'waits' }, keeps: 'code of the same meaning continues' },
  forgetViewVersionIn: {
    by: ['apply'],
    run: { queued: ['cancelled'], running: ['cancelled'], paused: ['cancelled'], held: ['cancelled'] },
    chunk: {
      pending: ['cancelled'],
      dispatched: ['cancelled'],
      running: ['cancelled'],
      landed_history: ['cancelled'],
    },
    ofRuns: ['running', 'paused', 'held'],
    locks: { run: 'waits', chunk: 'waits' },
    keeps:
      'the history of the version is set aside, and none of it reaches the online store before it comes back',
  },
} as const satisfies Readonly<Record<string, Transition>>;

export type Verb = keyof typeof TRANSITIONS;
