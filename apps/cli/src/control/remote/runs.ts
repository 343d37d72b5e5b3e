import type { BackfillAnswer, FailuresAnswer, Run, RunGraphAnswer, RunsAnswer } from '@larder/contracts';
import { newId } from '@larder/core';
import type { RunsControl } from '../control.ts';
import { pages } from './pages.ts';
import type { ServiceClient } from './service-client.ts';
import { watchRun } from './watch-run.ts';

const MAX_PAGE = 500;

/** Runs of the service. */
export function remoteRuns(client: ServiceClient): RunsControl {
  const get: RunsControl['get'] = (id) =>
    client.get<Run>(pathOf(id), { members: ['run_id', 'status', 'rows'] });
  return {
    get,
    async backfill(body) {
      // Repeated after a lost answer, it is the same run.
      const { body: accepted } = await client.send<BackfillAnswer>('POST', '/v1/backfills', {
        body,
        headers: { 'idempotency-key': newId() },
        repeatable: true,
        members: ['run_id', 'status'],
      });
      return accepted;
    },
    async list({ limit, ...query }) {
      const { items, cursor } = await pages(limit, MAX_PAGE, async (page) => {
        const { runs, cursor: next } = await client.get<RunsAnswer>('/v1/runs', {
          query: { ...query, ...page },
          members: ['runs', 'cursor'],
        });
        return { items: runs, cursor: next };
      });
      return { runs: items, complete: cursor === null };
    },
    graph: (id) => client.get<RunGraphAnswer>(`${pathOf(id)}/graph`, { members: ['runs', 'links'] }),
    async failures(id, { cursor: from, limit }) {
      const read = async (page: { readonly cursor?: string | undefined; readonly limit: number }) => {
        const { failures, cursor } = await client.get<FailuresAnswer>(`${pathOf(id)}/failures`, {
          query: page,
          members: ['failures', 'cursor'],
        });
        return { items: failures, cursor };
      };
      const { items, cursor } = await pages(limit, MAX_PAGE, read, from);
      return { failures: items, cursor };
    },
    async act(id, action) {
      await client.send('POST', `${pathOf(id)}/${action}`, { body: {} });
    },
    watch: (id, signal) => watchRun(client, { id, get, signal }),
  };
}

function pathOf(id: string): string {
  return `/v1/runs/${encodeURIComponent(id)}`;
}
