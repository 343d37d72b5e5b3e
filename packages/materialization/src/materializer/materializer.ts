import { hostname } from 'node:os';
import {
  LarderError,
  newId,
  startLoop,
  systemClock,
  type Clock,
  type Logger,
  type LogLevel,
} from '@larder/core';
import { computationFolders, type LoadedProject, type Manifest } from '@larder/features';
import { announceProcess, listenForChanges, type OfflineStore } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { followChains } from '../chains/follow-chains.ts';
import { historySource } from '../chains/history-source.ts';
import type { ArtifactFolder } from '../compute/artifact-folders/serve-artifact-folders.ts';
import { continueErasures } from '../erasure/continue-erasures.ts';
import { keepTombstones } from '../erasure/keep-tombstones.ts';
import type { EraseFromArchives } from '../erasure/forget-entity.ts';
import { createComputePool, type ComputePool } from '../compute/compute-pool.ts';
import { serveValueMemory } from '../compute/value-memory/serve-value-memory.ts';
import { createChunkQueue, type ChunkQueue, type Lane } from '../queue/chunk-queue.ts';
import { dispatchDueChunks } from '../queue/dispatch-due-chunks.ts';
import { createWedgeWatch } from '../queue/wedge-watch.ts';
import { keepWindows } from '../events/keep-windows.ts';
import { queueBuilds } from '../events/queue-builds.ts';
import { createLoadedViews } from './loaded-views.ts';
import type { MaterializerObserver } from './materializer-observer.ts';
import { DEFAULT_TIMES, type MaterializerTimes } from './materializer-times.ts';
import { createViewCosts } from '../pressure/record-view-costs.ts';
import { createSlotMeter, type SlotMeter } from '../pressure/slot-meter.ts';
import { planNextRun } from '../plan/plan-next-run.ts';
import { processChunk } from '../chunk/process-chunk.ts';
import { modelRows, NO_PREDICTIONS, type PredictionModels } from '../predictions/prediction-models.ts';
import { fireDueSchedules } from '../schedules/fire-due-schedules.ts';
import { watch } from '../watch/watch.ts';

export interface MaterializerOptions {
  readonly project: LoadedProject;
  /** The manifest applied now, for its policies. Null: nothing is applied yet. @default the project's own manifest */
  readonly applied?: () => Manifest | null;
  /**
   * The project's manifest, aligned with what is applied now: recognised code and applied artifacts with the applied
   * fingerprints. @default the project's own manifest
   */
  readonly loaded?: () => Manifest;
  /** Versions of models, for precomputed predictions. @default none */
  readonly models?: PredictionModels;
  /** Where the artifacts of computations are, by hash. @default the folders of the project */
  readonly artifactFolder?: ArtifactFolder;
  readonly offlineStore: OfflineStore;
  readonly onlineStore: OnlineStore;
  /** @default there are no archives */
  readonly eraseFromArchives?: EraseFromArchives;
  readonly queueRedisUrl: string;
  /** Number of compute threads; the worker processes twice as many chunks at once. */
  readonly slots: number;
  /** URLs of source databases by connection name. */
  readonly connections: Readonly<Record<string, string>>;
  /** Rows per call of a computation; also the granularity of progress. @default 32 */
  readonly batchRows?: number;
  /** Limit on the memory of values in PostgreSQL; 0: nothing is remembered. @default 0 */
  readonly valueMemoryBytes?: number;
  readonly times?: Partial<MaterializerTimes>;
  readonly observer?: MaterializerObserver;
  /** Called when the queue is stuck and new connections did not help, so that only a new process may. @default continue */
  readonly onWedged?: () => void;
  readonly clock?: Clock;
  readonly logger: Logger;
  /** Of the compute threads. @default 'warn' */
  readonly threadLogLevel?: LogLevel;
}

/** Places for chunks, by lane: two for each slot of the worker. */
export type SlotsInUse = Readonly<Record<Lane, { readonly busy: number; readonly limit: number }>>;

export interface Materializer {
  slotsInUse(): SlotsInUse;
  /** Takes no more chunks, lets running ones finish until the deadline, releases the others, and closes. */
  stop(options: { readonly deadlineMs: number }): Promise<void>;
}

const THREADS: Readonly<Record<Lane, (slots: number) => number>> = {
  ordinary: (slots) => slots,
  // Pushed rows are few, and wait for no other batch.
  urgent: () => 1,
};

const NOBODY: MaterializerObserver = {
  consumerWedged() {},
  chunkEnded() {},
  rowsLanded() {},
  scheduleTaken() {},
};

/** Does all the work of a worker: planning, dispatching, computing, landing, watching and schedules. The caller keeps ownership of the stores. */
export function createMaterializer(options: MaterializerOptions): Materializer {
  const { project, offlineStore: store, logger, slots } = options;
  const applied = options.applied ?? (() => project.manifest);
  const loaded = options.loaded ?? (() => project.manifest);
  const times = { ...DEFAULT_TIMES, ...options.times };
  const history = historySource(store, () => applied() ?? project.manifest);
  const models = options.models ?? NO_PREDICTIONS;
  const views = createLoadedViews({
    project,
    loaded,
    applied,
    connections: options.connections,
    slots,
    history,
    modelRows: modelRows(models, history),
  });
  const observer = options.observer ?? NOBODY;
  const valueMemory =
    (options.valueMemoryBytes ?? 0) > 0
      ? serveValueMemory({ store, project: project.name, logger })
      : undefined;
  const pools = new Map<Lane, ComputePool>();
  const poolOf = (lane: Lane): ComputePool => {
    const pool =
      pools.get(lane) ??
      createComputePool({
        configPath: project.configPath,
        artifactFolder: options.artifactFolder ?? foldersOf(project),
        valueMemory,
        threads: THREADS[lane](slots),
        logLevel: options.threadLogLevel ?? 'warn',
        batchTimeoutMs: times.batchTimeoutMs,
      });
    pools.set(lane, pool);
    return pool;
  };
  const closePools = () => Promise.all([...pools.values()].map((pool) => pool.close()));
  const meters: Readonly<Record<Lane, SlotMeter>> = {
    ordinary: createSlotMeter(THREADS.ordinary(slots)),
    urgent: createSlotMeter(THREADS.urgent(slots)),
  };
  const costs = createViewCosts(store, project.name);
  const shared = { projectName: project.name, store, views, times, logger };
  const processId = `${hostname()}-${process.pid}-${newId()}`;
  const forChunks = {
    ...shared,
    processId,
    onlineStore: options.onlineStore,
    pool: poolOf,
    models,
    batchRows: options.batchRows ?? 32,
    remembersValues: valueMemory !== undefined,
    observer,
    meter: (lane: Lane) => meters[lane],
    costs,
    clock: options.clock ?? systemClock,
  };

  const announced = announceProcess(
    store,
    {
      processId,
      project: project.name,
      role: 'worker',
      describe: () => ({ views: views.announced() }),
      slots,
    },
    { logger },
  );
  const forErasures = {
    offlineStore: store,
    onlineStore: options.onlineStore,
    eraseFromArchives: options.eraseFromArchives ?? (async () => ({ rows: 0, unreachable: [] })),
    logger,
  };
  const stopping = new AbortController();
  const restoring = new AbortController();
  const openQueue = (lane: Lane, wake: () => void) =>
    createChunkQueue({
      project: project.name,
      redisUrl: options.queueRedisUrl,
      lane,
      // While one chunk of a thread reads and lands, its other one computes.
      concurrency: slots * 2,
      logger,
      process: (attempt) =>
        processChunk(forChunks, attempt, { lane, stopping: stopping.signal, onClaimed: wake }),
    });
  const queue = openQueue('ordinary', () => dispatching.wake());
  const urgentQueue = openQueue('urgent', () => dispatchingUrgent.wake());
  const lookForWedge = createWedgeWatch({
    store,
    project: project.name,
    queue,
    wedgedAfterMs: times.wedgedAfterMs,
    logger,
    onWedge: () => observer.consumerWedged('chunks'),
    onFatal: () => options.onWedged?.(),
  });

  const dispatching = startLoop({
    name: 'Dispatching',
    intervalMs: times.dispatchIntervalMs,
    logger,
    turn: () => dispatchDueChunks({ ...shared, processId, queue, slots, lane: 'ordinary' }),
  });
  const dispatchingUrgent = startLoop({
    name: 'Dispatching pushed rows',
    intervalMs: times.dispatchIntervalMs,
    logger,
    turn: () =>
      dispatchDueChunks({ ...shared, processId, queue: urgentQueue, slots: slots * 2, lane: 'urgent' }),
  });
  const following = startLoop({
    name: 'Following the feed of changes',
    intervalMs: times.watchIntervalMs,
    logger,
    turn: () => followChains({ store, applied, logger, onFed: () => dispatching.wake() }),
  });
  const listening = listenForChanges({
    store,
    project: project.name,
    onChanges: () => following.wake(),
    onUrgent: () => dispatchingUrgent.wake(),
    logger,
  });
  const loops = [
    dispatching,
    dispatchingUrgent,
    following,
    startLoop({
      name: 'Planning',
      intervalMs: times.dispatchIntervalMs,
      logger,
      turn: () => planNextRun(shared, stopping.signal),
    }),
    startLoop({
      name: 'Watching',
      intervalMs: times.watchIntervalMs,
      logger,
      async turn() {
        const manifest = applied();
        if (manifest !== null) await queueBuilds(store, manifest);
        await watch({
          ...shared,
          onlineStore: options.onlineStore,
          queue: { has: async (attempt) => (await queue.has(attempt)) || urgentQueue.has(attempt) },
        });
      },
    }),
    startLoop({
      name: 'Looking for waiting chunks',
      intervalMs: times.watchIntervalMs,
      logger,
      turn: lookForWedge,
    }),
    startLoop({
      name: 'Recording what rows cost',
      intervalMs: times.watchIntervalMs,
      logger,
      turn: () => costs.write(),
    }),
    startLoop({
      name: 'Scheduling',
      intervalMs: times.scheduleIntervalMs,
      logger,
      turn: () => fireDueSchedules({ ...shared, observer }),
    }),
    startLoop({
      name: 'Continuing erasures',
      intervalMs: times.watchIntervalMs,
      logger,
      turn: () => continueErasures(forErasures, applied() ?? project.manifest),
    }),
    startLoop({
      name: 'Keeping tombstones',
      intervalMs: times.watchIntervalMs,
      logger,
      turn: keepTombstones({ ...forErasures, projectName: project.name, signal: restoring.signal }),
    }),
    startLoop({
      name: 'Keeping windows',
      intervalMs: times.watchIntervalMs,
      logger,
      turn: keepWindows({
        offlineStore: store,
        onlineStore: options.onlineStore,
        applied,
        clock: forChunks.clock,
        signal: restoring.signal,
        logger,
      }),
    }),
  ];

  const inUse = ({ consumer }: ChunkQueue) => ({ busy: slots * 2 - consumer.freeSlots(), limit: slots * 2 });

  return {
    slotsInUse: () => ({ ordinary: inUse(queue), urgent: inUse(urgentQueue) }),
    async stop({ deadlineMs }) {
      restoring.abort(new Error('The worker is stopping.'));
      const deadline = setTimeout(() => {
        stopping.abort(new Error('The worker is stopping.'));
        // Running batches would hold their chunks until they end.
        closePools().catch((error: unknown) => logger.warn({ err: error }, 'Threads did not end'));
      }, deadlineMs);
      await Promise.all([...loops.map((loop) => loop.stop()), queue.drain(), urgentQueue.drain()]);
      clearTimeout(deadline);
      await Promise.all([
        queue.close(),
        urgentQueue.close(),
        closePools(),
        announced.close(),
        listening.close(),
      ]);
      await views.close();
    },
  };
}

function foldersOf(project: LoadedProject): ArtifactFolder {
  const folders = computationFolders(project);
  return async (sha256) => {
    const folder = folders.get(sha256);
    if (folder === undefined)
      throw new LarderError('ARTIFACT_NOT_FOUND', `The project has no artifact with the hash ${sha256}.`);
    return folder;
  };
}
