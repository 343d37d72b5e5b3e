import { dirname } from 'node:path';
import { openDuckdb, textLiteral } from '@larder/archive';

/** Rows of a Parquet file in its order. */
export async function readRows(path: string): Promise<Record<string, unknown>[]> {
  const duckdb = await openDuckdb({ folders: [dirname(path)] });
  try {
    return await duckdb.all<Record<string, unknown>>(
      `select * exclude (file_row_number) from read_parquet(${textLiteral(path)}, file_row_number = true) order by file_row_number`,
    );
  } finally {
    await duckdb.close();
  }
}
