import { isLarderError } from '@larder/core';

/**
 * A failure as it is kept: without what DuckDB, PostgreSQL or a function quote of a row, which may be the key of somebody
 * who is erased later. The caller of the build is told everything.
 */
export function recordedProblem(problem: unknown): { readonly code: string; readonly reason: string } {
  const message = problem instanceof Error ? problem.message : String(problem);
  const code = isLarderError(problem) ? problem.code : 'INTERNAL';
  const mayQuote = code === 'DATA_FILE_INVALID' || code === 'ON_DEMAND_FAILED' || code === 'INTERNAL';
  return { code, reason: mayQuote ? withoutValues(message) : message };
}

function withoutValues(message: string): string {
  return message.replace(/Original Line: .*/s, '…').replaceAll(/"[^"]*"|'[^']*'|\([^)]*\)=\([^)]*\)/g, '…');
}
