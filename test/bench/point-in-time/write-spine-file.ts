import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDuckdb, textLiteral } from '@larder/archive';
import type { HistoryDatabase } from './history-database.ts';

/** The spine as Parquet with `account_id` and `event_timestamp`, as a user would bring it. @returns its path */
export async function writeSpineFile({ folder }: HistoryDatabase, csv: Buffer): Promise<string> {
  const from = join(folder, 'spine.csv');
  const to = join(folder, 'spine.parquet');
  await writeFile(from, csv);
  const duckdb = await openDuckdb({ folders: [folder] });
  try {
    await duckdb.run(
      `copy (select account_id, make_timestamptz(at_us) as event_timestamp
        from read_csv(${textLiteral(from)}, header = false, columns = {'row': 'BIGINT', 'at_us': 'BIGINT', 'account_id': 'VARCHAR'})
        order by hash("row")) to ${textLiteral(to)} (format parquet)`,
    );
  } finally {
    await duckdb.close();
  }
  return to;
}
