import type { ScheduleOutcome } from '@larder/offline-store';

/** Receives the events that the process counts since its start. */
export interface MaterializerObserver {
  /** A queue's consumer was stuck although jobs waited and slots were free. */
  consumerWedged(queue: string): void;
  chunkEnded(view: string, outcome: 'done' | 'failed' | 'retried' | 'given_back' | 'lost'): void;
  rowsLanded(
    view: string,
    rows: {
      readonly done: number;
      readonly failed: number;
      readonly skipped: number;
      /** Entities among the skipped rows whose row was restored to the online store. */
      readonly restored: number;
    },
  ): void;
  /** A schedule was due, with its outcome. */
  scheduleTaken(view: string, outcome: ScheduleOutcome): void;
}
