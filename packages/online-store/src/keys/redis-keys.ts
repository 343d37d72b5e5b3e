/** Fields of the hash that are no view reference start with `!`. */
export const ERASED_FIELD = '!erased';

/** Everything before the entity's key; names hold no character that SCAN's patterns know. */
export function redisKeyPrefix(project: string, entity: string): string {
  return `larder:${project}:{${entity}:`;
}

/** The hash of one entity. Its braces keep all that belongs to the entity in one Cluster slot. */
export function redisKey(project: string, entity: string, entityKey: string): string {
  return `${redisKeyPrefix(project, entity)}${entityKey}}`;
}
