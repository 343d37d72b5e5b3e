/** Braces keep every key of a project's queues in one Cluster slot, as BullMQ's scripts require. */
export function queuePrefix(project: string): string {
  return `larder:${project}:{queue}`;
}
