import type { Duration } from '@larder/core';
import { brand } from './brand.ts';
import { durationMsOrNaN } from './duration-option.ts';

/** The default export of `larder.config.ts`. */
export interface Project {
  readonly kind: 'project';
  readonly name: string;
  /** Names of source connections; null: those that the sources name. */
  readonly connections: readonly string[] | null;
  readonly allowedHosts: readonly string[];
  /** As written. */
  readonly eventHorizon: string;
  readonly eventHorizonMs: number;
}

export interface ProjectOptions {
  /** Names of source connections; each one's address is `LARDER_CONNECTION_<NAME>_URL`. @default those that sources name */
  readonly connections?: readonly string[];
  /** Hosts that computations may fetch from: `host`, `host:port`, `*.example.com`, or `*` for every public one. @default none */
  readonly allowedHosts?: readonly string[];
  /** Maximum age of an event timestamp; older rows are refused. Each month of history is a partition. @default ten years, '3653d' */
  readonly eventHorizon?: Duration;
}

/** Ten years. */
export const DEFAULT_EVENT_HORIZON = '3653d';

/** The project that a `larder.config.ts` defines; its name is in every table, key and metric. */
export function project(name: string, options: ProjectOptions = {}): Project {
  const eventHorizon = options.eventHorizon ?? DEFAULT_EVENT_HORIZON;
  return brand({
    kind: 'project' as const,
    name,
    connections: options.connections ?? null,
    allowedHosts: options.allowedHosts ?? [],
    eventHorizon,
    eventHorizonMs: durationMsOrNaN(eventHorizon),
  });
}
