import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDuckdb, textLiteral } from '@larder/archive';

/** The rows of a query as a Parquet file that uses every way of taking little space. */
export async function parquetOf(query: string): Promise<Buffer> {
  const duckdb = await openDuckdb({ memoryLimitMb: 1_024, threads: 1 });
  try {
    const path = join(duckdb.folder, 'rows.parquet');
    await duckdb.run(
      `copy (${query}) to ${textLiteral(path)} (format parquet, compression zstd, row_group_size 2048)`,
    );
    return await readFile(path);
  } finally {
    await duckdb.close();
  }
}
