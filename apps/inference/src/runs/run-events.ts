import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { FINAL_RUN_STATUSES, type Run } from '@larder/contracts';
import { LarderError, type Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { foldRuns, getRun, runJson } from '@larder/materialization/runs';

export interface RunEventsDeps {
  readonly offlineStore: OfflineStore;
  readonly project: string;
  readonly logger: Logger;
}

/** Server-sent events of runs: all watchers of all runs share one query per tick. */
export interface RunEvents {
  /** Sends `progress` on every change and `end` when the run has ended. @throws RUN_NOT_FOUND, DATABASE_UNAVAILABLE, TOO_MANY_STREAMS before the first event */
  stream(runId: string, response: ServerResponse): Promise<void>;
  /** Ends every stream; clients reconnect to another process. */
  close(): void;
}

const TICK_INTERVAL_MS = 250;
const HEARTBEAT_INTERVAL_MS = 15_000;
const MAX_STREAMS = 1_000;
/** Number of events sent at once, spread over the tick: predictions of the same process must not wait for a thousand events. */
const SLICE_STREAMS = 10;
const SLICE_PAUSE_MS = 2;

interface WatchedRun {
  readonly streams: Set<ServerResponse>;
  /** The last event sent. */
  sent: string;
}

export function createRunEvents(deps: RunEventsDeps): RunEvents {
  const { offlineStore, project, logger } = deps;
  const watched = new Map<string, WatchedRun>();
  let timer: NodeJS.Timeout | null = null;
  let ticking = false;
  let streams = 0;
  let written = 0;
  let closed = false;

  const heartbeat = setInterval(() => {
    for (const run of watched.values())
      for (const stream of run.streams) if (isRead(stream)) stream.write(': still here\n\n');
  }, HEARTBEAT_INTERVAL_MS).unref();

  async function tick(): Promise<void> {
    timer = null;
    ticking = true;
    try {
      for (const state of await foldRuns(offlineStore, project, [...watched.keys()])) {
        const run = watched.get(state.runId);
        if (run !== undefined) await send(run, runJson(state));
      }
    } catch (error) {
      // The next tick may succeed; a client that gives up reconnects by itself.
      logger.debug({ err: error }, 'The progress of runs could not be read');
    }
    ticking = false;
    for (const [runId, run] of watched) if (run.streams.size === 0) watched.delete(runId);
    schedule();
  }

  function schedule(): void {
    if (watched.size > 0 && !ticking && !closed)
      timer ??= setTimeout(() => void tick(), TICK_INTERVAL_MS).unref();
  }

  async function send(run: WatchedRun, state: Run): Promise<void> {
    const data = JSON.stringify(state);
    const final = isFinal(state);
    if (!final && data === run.sent) return;
    run.sent = data;
    const bytes = Buffer.from(event(final ? 'end' : 'progress', data));
    for (const stream of run.streams) {
      if (final) {
        run.streams.delete(stream);
        stream.end(bytes);
      } else if (isRead(stream)) stream.write(bytes);
      written += 1;
      if (written % SLICE_STREAMS === 0) await pause(SLICE_PAUSE_MS, undefined, { ref: false });
      if (closed) return;
    }
  }

  return {
    async stream(runId, response) {
      const state = runJson(await getRun(offlineStore, project, runId));
      if (streams >= MAX_STREAMS)
        throw new LarderError(
          'TOO_MANY_STREAMS',
          `This process already has ${MAX_STREAMS} streams open; poll GET /v1/runs/{id} instead.`,
          {
            retryAfterSeconds: 10,
          },
        );
      if (response.destroyed) return;
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      const data = JSON.stringify(state);
      if (isFinal(state) || response.req.method === 'HEAD') {
        response.end(event('end', data));
        return;
      }
      response.write(event('progress', data));
      const { run_id: id } = state;
      let run = watched.get(id);
      if (run === undefined) watched.set(id, (run = { streams: new Set(), sent: data }));
      const { streams: followers } = run;
      followers.add(response);
      streams += 1;
      response.once('close', () => {
        followers.delete(response);
        streams -= 1;
      });
      schedule();
    },
    close() {
      closed = true;
      clearInterval(heartbeat);
      if (timer !== null) clearTimeout(timer);
      for (const run of watched.values()) for (const stream of run.streams) stream.end();
      watched.clear();
    },
  };
}

/** Skips a stream whose last event is not read yet: it buffers at most one event, and is cut after its timeout. */
function isRead(stream: ServerResponse): boolean {
  return stream.writableLength === 0;
}

function isFinal(run: Run): boolean {
  return (FINAL_RUN_STATUSES as readonly string[]).includes(run.status);
}

function event(name: 'progress' | 'end', data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
