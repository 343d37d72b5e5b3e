import type { FeatureViewManifest } from '@larder/features';
import { SOURCE_KINDS } from './source-kinds.ts';

/**
 * Columns of the view's rows that differ between processes that see the same data: the absolute path of a file. They
 * are not input of a computation, unless the view has a feature of that name.
 */
export function accessColumns({ source, schema }: Pick<FeatureViewManifest, 'source' | 'schema'>): string[] {
  const columns = SOURCE_KINDS.get(source.kind)?.accessColumns ?? [];
  return columns.filter((column) => !schema.some(({ name }) => name === column));
}
