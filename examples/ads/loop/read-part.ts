import { join } from 'node:path';
import { openDuckdb, quotedName, scanFile } from '@larder/archive';
import { adCtr } from '../larder.config.ts';
import { featureColumns, totalWidth } from '../training/feature-columns.ts';
import type { ModelRows } from '../training/model-rows.ts';

/** In an order that does not depend on the ids of predictions, so that training is the same every time. */
const ORDER = ['ad_id', 'requested_at', 'bid', 'placement'];

/** A part of a training set as rows of the tensor, those of one ad one after another. */
export async function readPart(folder: string, part: 'train' | 'test'): Promise<ModelRows> {
  const columns = featureColumns(adCtr);
  const width = totalWidth(columns);
  const isPicture = ({ view }: { readonly view: string }): boolean => view === 'ad_image';
  const scalars = columns.filter((column) => !isPicture(column));
  const pictures = columns.filter(isPicture);
  const relation = scanFile({ path: join(folder, `${part}.parquet`), format: 'parquet' });
  const duckdb = await openDuckdb({ folders: [folder], threads: 1 });
  try {
    const named = (all: readonly { readonly ref: string }[]) => all.map(({ ref }) => quotedName(ref));
    const pictureOf = new Map<string, Float32Array>();
    const clicked: number[] = [];
    const ofNewAd: number[] = [];
    const rows: { readonly adId: string; readonly values: Float32Array }[] = [];
    const value = (found: unknown): number =>
      found === null || found === undefined ? Number.NaN : Number(found);
    for await (const group of duckdb.rows<Record<string, unknown>>(
      `select distinct on (ad_id) ad_id, ${named(pictures).join(', ')} from ${relation}`,
    ))
      for (const row of group) {
        const picture = new Float32Array(width).fill(Number.NaN);
        for (const { ref, start, width: length } of pictures) {
          const found = row[ref];
          if (length === 1) picture[start] = value(found);
          else if (Array.isArray(found)) picture.set(found.map(value), start);
        }
        pictureOf.set(String(row['ad_id']), picture);
      }
    for await (const group of duckdb.rows<Record<string, unknown>>(
      `select ad_id, clicked, ${named(scalars).join(', ')} from ${relation} order by ${ORDER.join(', ')}`,
    ))
      for (const row of group) {
        clicked.push(value(row['clicked']));
        ofNewAd.push(value(row['ad_stats:click_rate']) >= 0 ? 0 : 1);
        rows.push({
          adId: String(row['ad_id']),
          values: Float32Array.from(scalars, ({ ref }) => value(row[ref])),
        });
      }
    return {
      columns,
      count: rows.length,
      clicked: Uint8Array.from(clicked),
      ofNewAd: Uint8Array.from(ofNewAd),
      row(index) {
        const { adId, values } = rows[index] ?? { adId: '', values: new Float32Array() };
        const row = Float32Array.from(pictureOf.get(adId) ?? []);
        for (const [i, { start }] of scalars.entries()) row[start] = values[i] ?? Number.NaN;
        return row;
      },
    };
  } finally {
    await duckdb.close();
  }
}
