import type { ScheduleOutcome } from '@larder/offline-store';

/** Counted since the process started. */
export interface MaterializerObserver {
  /** A queue's consumer took nothing although jobs waited and slots were free. */
  consumerWedged(queue: string): void;
  chunkEnded(view: string, outcome: 'done' | 'failed' | 'retried' | 'given_back' | 'lost'): void;
  rowsLanded(
    view: string,
    rows: {
      readonly done: number;
      readonly failed: number;
      readonly skipped: number;
      /** Of those skipped: entities whose row was put back into the online store. */
      readonly restored: number;
    },
  ): void;
  /** A schedule was due, and what became of it. */
  scheduleTaken(view: string, outcome: ScheduleOutcome): void;
}
