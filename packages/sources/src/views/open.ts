import { LarderError } from '@larder/core';
import type { RowSource } from '../row-source.ts';
import type { HistoryRequest, SourceContext } from '../source-context.ts';

/** Rows of other views. @throws SOURCE_NOT_CONFIGURED where no history is read */
export function openViewsSource(
  { views, require }: HistoryRequest,
  { history }: Pick<SourceContext, 'history'>,
): RowSource {
  if (history === null)
    throw new LarderError(
      'SOURCE_NOT_CONFIGURED',
      'The view is computed from other views, and this process does not read their history; set LARDER_DATABASE_URL.',
    );
  return history({ views, require });
}
