/** Braces keep every key of a project's queues in one Cluster slot, as BullMQ's scripts ask. */
export function queuePrefix(project: string): string {
  return `larder:${project}:{queue}`;
}
