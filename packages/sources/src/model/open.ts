import { LarderError } from '@larder/core';
import type { RowSource } from '../row-source.ts';
import type { SourceContext } from '../source-context.ts';

/** What the live version of a model reads, asked for with each use: it may be another one by then. @throws SOURCE_NOT_CONFIGURED */
export function openModelSource(
  { model }: { readonly model: string },
  { modelRows }: Pick<SourceContext, 'modelRows'>,
): RowSource {
  if (modelRows === null)
    throw new LarderError(
      'SOURCE_NOT_CONFIGURED',
      `The predictions of ${model} are computed by workers; this process cannot read what the model reads.`,
    );
  return {
    plan: async (options, signal) => (await modelRows(model)).plan(options, signal),
    async *scan(bounds, signal) {
      yield* (await modelRows(model)).scan(bounds, signal);
    },
    lookup: async (keys, signal) => (await modelRows(model)).lookup(keys, signal),
    check: async (signal) => (await modelRows(model)).check(signal),
  };
}
