import { apiKeyJson, createKey, listKeys, parseRate, revokeKey, rotateKey } from '@larder/access';
import { actor } from '../../actor.ts';
import type { Session } from '../../session.ts';
import type { ApiKeysControl } from '../control.ts';

/** Keys in the database: whoever has its address may create any key, also the first. */
export function directApiKeys({ offlineStore, projectName }: Session): ApiKeysControl {
  const by = { actor: actor(), granted: null };
  return {
    list: async (all) => (await listKeys(await offlineStore(), await projectName(), { all })).map(apiKeyJson),
    async create({ name, environment, role = null, scopes = [], rate, lifetime_ms: lifetimeMs }) {
      const { key, text } = await createKey(await offlineStore(), {
        project: await projectName(),
        name,
        environment,
        role,
        scopes,
        rate: rate === undefined ? null : parseRate(rate),
        lifetimeMs,
        by,
      });
      return { ...apiKeyJson(key), key: text };
    },
    async rotate(keyId, { overlap_ms: overlapMs, lifetime_ms: lifetimeMs }) {
      const { key, text } = await rotateKey(await offlineStore(), {
        project: await projectName(),
        keyId,
        overlapMs,
        lifetimeMs,
        by,
      });
      return { ...apiKeyJson(key), key: text };
    },
    revoke: async (keyId) =>
      apiKeyJson(
        await revokeKey(await offlineStore(), { project: await projectName(), keyId, actor: by.actor }),
      ),
  };
}
