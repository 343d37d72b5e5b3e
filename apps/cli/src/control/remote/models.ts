import type {
  AliasAnswer,
  AliasesAnswer,
  ModelRecordsAnswer,
  ModelVersionsAnswer,
  MoveStandingAnswer,
} from '@larder/contracts';
import { isLarderError } from '@larder/core';
import type { ModelsControl, Moved, SeenAlias } from '../control.ts';
import type { ServiceClient } from './service-client.ts';

/** Model versions and aliases of the service. */
export function remoteModels(client: ServiceClient): ModelsControl {
  return {
    records: async () =>
      (await client.get<ModelRecordsAnswer>('/v1/model-records', { members: ['models'] })).models,
    async record(model) {
      const [{ versions }, { aliases, moves }] = await Promise.all([
        client.get<ModelVersionsAnswer>(`${modelPath(model)}/versions`, { members: ['versions'] }),
        client.get<AliasesAnswer>(`${modelPath(model)}/aliases`, { members: ['aliases', 'moves'] }),
      ]);
      return { versions, aliases, moves };
    },
    async alias(model, alias) {
      try {
        const path = aliasPath({ model, alias });
        const { body, headers } = await client.send<AliasAnswer>('GET', path, { members: ['version'] });
        return { model, alias, version: body.version, tag: headers.get('etag') };
      } catch (error) {
        if (isLarderError(error) && error.code === 'ALIAS_NOT_FOUND')
          return { model, alias, version: null, tag: null };
        throw error;
      }
    },
    async mark({ model, version }, body) {
      await client.send('POST', `${modelPath(model)}/versions/${version}/mark`, { body });
    },
    async move(seen, { version, from, reason, acceptIncomplete }) {
      // A tag that cannot match, so that the service says who moved the alias.
      const asked =
        from === undefined || seen.version === from || seen.version === version
          ? seen
          : { ...seen, tag: `"follows-${from}"` };
      // Repeated with the same precondition, it is the same move.
      const { body } = await client.send<Moved>('PUT', aliasPath(seen), {
        body: { version, reason, accept_incomplete: acceptIncomplete, wait_ms: 0 },
        headers: preconditionOf(asked),
        repeatable: true,
        members: ['move_id', 'changed'],
      });
      return body;
    },
    async rollback(seen, reason) {
      const { body } = await client.send<Moved>('POST', `${aliasPath(seen)}/rollback`, {
        body: { reason, wait_ms: 0 },
        headers: preconditionOf(seen),
        members: ['move_id', 'changed'],
      });
      return body;
    },
    async drop(seen, reason) {
      await client.send('DELETE', aliasPath(seen), { query: { reason }, headers: preconditionOf(seen) });
    },
    standing: (move) =>
      client.get<MoveStandingAnswer>(`${aliasPath(move)}/moves/${move.move_id}`, {
        members: ['in_force', 'processes'],
      }),
  };
}

function modelPath(model: string): string {
  return `/v1/models/${encodeURIComponent(model)}`;
}

function aliasPath({ model, alias }: Pick<SeenAlias, 'model' | 'alias'>): string {
  return `${modelPath(model)}/aliases/${encodeURIComponent(alias)}`;
}

function preconditionOf({ tag }: SeenAlias): Record<string, string> {
  return tag === null ? { 'if-none-match': '*' } : { 'if-match': tag };
}
