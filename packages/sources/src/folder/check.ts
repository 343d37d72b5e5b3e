import { shellWord } from '@larder/core';
import type { SourceFinding } from '../row-source.ts';
import type { FolderFiles } from './folder-files.ts';

/** @throws SOURCE_UNAVAILABLE with the folder and what to do */
export async function check(files: FolderFiles, signal: AbortSignal): Promise<SourceFinding> {
  const folder = shellWord(files.folder);
  const { length } = await files.keys(null, signal);
  if (length > 0)
    return { status: 'ok', detail: `${length} ${length === 1 ? 'file' : 'files'} in ${folder}` };
  const kinds = files.extensions.length > 0 ? ` of ${files.extensions.join(', ')}` : '';
  return {
    status: 'warn',
    detail: `the folder ${folder} has no file${kinds}`,
    fix: `Put files into ${folder}, or fix extensions in larder.config.ts.`,
  };
}
