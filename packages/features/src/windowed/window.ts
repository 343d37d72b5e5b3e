import type { Duration } from '@larder/core';
import { durationMsOrNaN } from '../definition/duration-option.ts';

/** A length of time before the request, or one with the step in which its old end moves. */
export type Window = Duration | { readonly window: Duration; readonly hop?: Duration };

/** A window with its hop. */
export interface CompleteWindow {
  /** As written, and as in the names of features: `'7d'`. */
  readonly name: string;
  readonly windowMs: number;
  readonly hopMs: number;
}

const DEFAULT_HOPS = 12;

/** Durations that cannot be read are NaN, which validation reports. */
export function completeWindow(window: Window): CompleteWindow {
  const { window: name, hop } = typeof window === 'string' ? { window } : window;
  const windowMs = durationMsOrNaN(name);
  return {
    name,
    windowMs,
    hopMs: hop === undefined ? windowMs / DEFAULT_HOPS : durationMsOrNaN(hop),
  };
}
