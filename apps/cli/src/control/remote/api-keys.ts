import type { ApiKeyAnswer, ApiKeysAnswer, NewApiKeyAnswer } from '@larder/contracts';
import type { ApiKeysControl } from '../control.ts';
import type { ServiceClient } from './service-client.ts';

/** Keys by way of a service, with the scope keys:admin. */
export function remoteApiKeys(client: ServiceClient): ApiKeysControl {
  const post = async <T>(path: string, body: unknown): Promise<T> =>
    (await client.send<T>('POST', path, { body, members: ['id'] })).body;
  return {
    list: async (all) =>
      (
        await client.get<ApiKeysAnswer>('/v1/api-keys', {
          query: { all: all ? true : undefined },
          members: ['api_keys'],
        })
      ).api_keys,
    create: (request) => post<NewApiKeyAnswer>('/v1/api-keys', request),
    rotate: (keyId, request) =>
      post<NewApiKeyAnswer>(`/v1/api-keys/${encodeURIComponent(keyId)}/rotate`, request),
    revoke: (keyId) => post<ApiKeyAnswer>(`/v1/api-keys/${encodeURIComponent(keyId)}/revoke`, {}),
  };
}
