/** Everything before the entity's key. Names contain no character that is special in a SCAN pattern. */
export function redisKeyPrefix(project: string, entity: string): string {
  return `larder:${project}:{${entity}:`;
}

/** The hash of one entity. The braces keep everything of the entity in one Cluster slot. */
export function redisKey(project: string, entity: string, entityKey: string): string {
  return `${redisKeyPrefix(project, entity)}${entityKey}}`;
}
