import { decodeJsonValue, type EntityManifest } from '@larder/features';
import type { RunScope } from '@larder/offline-store';
import type { SourceScope } from '@larder/sources';
import { keyText } from '../prepare/key-text.ts';

/** Converts the scope of a run to the form that its source uses. */
export function sourceScope(entity: EntityManifest, scope: RunScope): SourceScope {
  if ('all' in scope || 'missing' in scope) return { kind: 'all' };
  if ('event_time' in scope) return { kind: 'event_time', range: scope.event_time };
  const keys = scope.entities.map((entityKeys) =>
    entity.join_keys.map((joinKey) => {
      const decoded = decodeJsonValue(joinKey, entityKeys[joinKey.name]);
      if (!decoded.ok) throw new Error(`A stored scope has a wrong ${joinKey.name}: it ${decoded.detail}.`);
      return keyText(decoded.value);
    }),
  );
  return { kind: 'keys', keys };
}
