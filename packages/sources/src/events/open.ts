import { LarderError } from '@larder/core';
import type { RowSource } from '../row-source.ts';
import type { EventsManifest } from './definition.ts';

/** Events change windows as they land: there are no rows to plan or to look up. Reading it @throws BACKFILL_NOT_SUPPORTED. */
export function openEventsSource({ event_source: source }: EventsManifest): RowSource {
  const refuse = (): never => {
    throw new LarderError(
      'BACKFILL_NOT_SUPPORTED',
      source === undefined
        ? 'The event source has no backfill query, so Larder cannot read its events again; push them once more.'
        : `The windows follow the events of '${source}' as they land: there is no row to compute. See what a key has with larder inspect.`,
    );
  };
  return {
    plan: async () => refuse(),
    // eslint-disable-next-line require-yield -- refuses when it is read, as other kinds do
    scan: async function* () {
      refuse();
    },
    lookup: async () => refuse(),
    check: async () => ({
      status: 'ok',
      detail: source === undefined ? 'events are sent' : `follows the events of ${source}`,
    }),
  };
}
