import type { ServerResponse } from 'node:http';
import { FINAL_RUN_STATUSES, type Run } from '@larder/contracts';
import { LarderError, type Logger } from '@larder/core';
import { askDatabase, type OfflineStore } from '@larder/offline-store';
import { getRun, runJson } from '@larder/materialization/runs';

export interface RunEventsDeps {
  readonly offlineStore: OfflineStore;
  readonly project: string;
  readonly logger: Logger;
}

/** Server-sent events of runs: everyone who watches a run shares one poll of PostgreSQL. */
export interface RunEvents {
  /** Sends `progress` when something changed and `end` at the end. @throws RUN_NOT_FOUND, DATABASE_UNAVAILABLE, TOO_MANY_STREAMS before the first event */
  stream(runId: string, response: ServerResponse): Promise<void>;
  /** Ends every stream; clients reconnect to another process. */
  close(): void;
}

const POLL_INTERVAL_MS = 250;
const HEARTBEAT_INTERVAL_MS = 15_000;
const MAX_STREAMS = 1_000;

interface WatchedRun {
  readonly streams: Set<ServerResponse>;
  /** What was sent last. */
  sent: string;
  timer: NodeJS.Timeout | null;
}

export function createRunEvents(deps: RunEventsDeps): RunEvents {
  const { offlineStore, project, logger } = deps;
  const watched = new Map<string, WatchedRun>();
  let streams = 0;
  let closed = false;

  const heartbeat = setInterval(() => {
    for (const run of watched.values()) for (const stream of run.streams) stream.write(': still here\n\n');
  }, HEARTBEAT_INTERVAL_MS).unref();

  async function poll(runId: string, run: WatchedRun): Promise<void> {
    run.timer = null;
    try {
      send(run, runJson(await getRun(offlineStore, project, runId)));
    } catch (error) {
      // the next poll may succeed; a client that gives up reconnects by itself
      logger.debug({ err: error, run_id: runId }, 'The progress of a run could not be read');
    }
    schedule(runId, run);
  }

  function schedule(runId: string, run: WatchedRun): void {
    if (run.streams.size > 0 && !closed)
      run.timer ??= setTimeout(() => void poll(runId, run), POLL_INTERVAL_MS).unref();
    else watched.delete(runId);
  }

  function send(run: WatchedRun, state: Run): void {
    const data = JSON.stringify(state);
    if (isFinal(state)) {
      for (const stream of run.streams) stream.end(event('end', data));
      run.streams.clear();
    } else if (data !== run.sent) {
      run.sent = data;
      for (const stream of run.streams) if (!stream.writableNeedDrain) stream.write(event('progress', data));
    }
  }

  return {
    async stream(runId, response) {
      const state = runJson(await askDatabase(getRun(offlineStore, project, runId)));
      if (streams >= MAX_STREAMS)
        throw new LarderError(
          'TOO_MANY_STREAMS',
          `This process follows ${MAX_STREAMS} streams already; poll GET /v1/runs/{id} instead.`,
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
      if (run === undefined) watched.set(id, (run = { streams: new Set(), sent: data, timer: null }));
      const { streams: followers } = run;
      followers.add(response);
      streams += 1;
      response.once('close', () => {
        followers.delete(response);
        streams -= 1;
      });
      schedule(id, run);
    },
    close() {
      closed = true;
      clearInterval(heartbeat);
      for (const run of watched.values()) {
        if (run.timer !== null) clearTimeout(run.timer);
        for (const stream of run.streams) stream.end();
      }
      watched.clear();
    },
  };
}

function isFinal(run: Run): boolean {
  return (FINAL_RUN_STATUSES as readonly string[]).includes(run.status);
}

function event(name: 'progress' | 'end', data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
