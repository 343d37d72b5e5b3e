import type { ProcessesAnswer, ViewsAnswer } from '@larder/contracts';
import type { FleetControl, ListedView } from '../control.ts';
import type { ServiceClient } from './service-client.ts';

/** Views and processes as the service knows them. */
export function remoteFleet(client: ServiceClient): FleetControl {
  return {
    async views() {
      const { views } = await client.get<ViewsAnswer>('/v1/views', { members: ['views'] });
      return views.flatMap((each): ListedView[] => {
        if (each.kind !== 'feature_view') return [];
        return [
          {
            ref: each.ref,
            view: each.view,
            version: each.version,
            entity: each.entity,
            ttl_ms: each.ttl_ms,
            schedule: each.schedule as ListedView['schedule'],
            freshness_objective_ms: each.freshness_objective_ms ?? null,
            next_due_at: each.next_due_at,
            freshness: each.freshness,
          },
        ];
      });
    },
    processes: async () =>
      (await client.get<ProcessesAnswer>('/v1/processes', { members: ['processes'] })).processes,
  };
}
