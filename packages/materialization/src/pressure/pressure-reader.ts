import type { RunStore } from '../runs/run-store.ts';
import { readPressure, type Pressure } from './read-pressure.ts';

/** Whoever asks within this time gets the same answer: scalers and scrapes cost one query a second in total. */
const KEPT_MS = 1_000;

/** Reads the pressure at most once a second, one query at a time. */
export function createPressureReader(store: RunStore, project: string): () => Promise<Pressure> {
  let read: Promise<Pressure> | null = null;
  let expiresAtMs = 0;
  return () => {
    if (read === null || performance.now() >= expiresAtMs) {
      expiresAtMs = Infinity;
      const asked = readPressure(store, project);
      read = asked;
      asked.then(
        () => (expiresAtMs = performance.now() + KEPT_MS),
        () => (read = null),
      );
    }
    return read;
  };
}
