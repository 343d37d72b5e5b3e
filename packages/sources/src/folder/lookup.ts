import type { SourceRow } from '@larder/features';
import type { KeyTexts } from '../source-bounds.ts';
import type { FolderFiles } from './folder-files.ts';

export async function lookup(
  files: FolderFiles,
  keys: readonly KeyTexts[],
  signal: AbortSignal,
): Promise<readonly SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const page of files.rows(fileKeys(keys), null, signal)) rows.push(...page);
  return rows;
}

/** A file has one join key; returns each once, in scan order. */
export function fileKeys(keys: readonly KeyTexts[]): string[] {
  return [...new Set(keys.map(([key = '']) => key))].sort();
}
