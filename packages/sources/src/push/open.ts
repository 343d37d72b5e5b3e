import { LarderError } from '@larder/core';
import type { RowSource } from '../row-source.ts';

/** Rows arrive by push alone: there is nothing to plan or to look up. Reading it @throws BACKFILL_NOT_SUPPORTED. */
export function openPushSource(): RowSource {
  const refuse = (): never => {
    throw new LarderError(
      'BACKFILL_NOT_SUPPORTED',
      'The rows of the view are pushed, so Larder cannot read them again; push them once more.',
    );
  };
  return {
    plan: async () => refuse(),
    // eslint-disable-next-line require-yield -- refuses when it is read, as other kinds do
    scan: async function* () {
      refuse();
    },
    lookup: async () => refuse(),
    check: async () => ({ status: 'ok', detail: 'rows are pushed' }),
  };
}
