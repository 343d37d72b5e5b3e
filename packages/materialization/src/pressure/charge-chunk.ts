import type { MaterializerObserver } from '../materializer/materializer-observer.ts';
import type { ClaimedChunk } from '../runs/index.ts';
import type { ViewCosts } from './record-view-costs.ts';
import type { SlotMeter } from './slot-meter.ts';

type ChunkObserver = Pick<MaterializerObserver, 'chunkEnded' | 'rowsLanded'>;

export interface ChargeOptions {
  /** Of the threads that compute the chunk. */
  readonly meter: SlotMeter;
  readonly costs: Pick<ViewCosts, 'add'>;
  readonly observer: ChunkObserver;
}

/** Charges a chunk to its view once it has landed; attempts that did not land cost nothing. */
export function chargeChunk(
  chunk: Pick<ClaimedChunk, 'view' | 'version'>,
  { meter, costs, observer }: ChargeOptions,
): { readonly observer: ChunkObserver; end(): void } {
  const end = meter.start();
  let rows = 0;
  return {
    observer: {
      chunkEnded: (view, outcome) => observer.chunkEnded(view, outcome),
      rowsLanded(view, counts) {
        rows += counts.done + counts.failed + counts.skipped;
        observer.rowsLanded(view, counts);
      },
    },
    end() {
      const slotSeconds = end();
      if (rows > 0) costs.add(chunk, rows, slotSeconds);
    },
  };
}
