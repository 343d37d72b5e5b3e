import { join } from 'node:path';
import { openDuckdb, quotedName, scanFile } from '@larder/archive';
import { adCtr } from '../larder.config.ts';
import type { AdDesign } from '../src/catalogue/ad-design.ts';
import { clickProbability, type Placement } from '../src/simulation/hidden-truth.ts';
import { featureColumns, totalWidth } from '../training/feature-columns.ts';
import type { ModelRows } from '../training/model-rows.ts';

export interface PartRows extends ModelRows {
  /** The hidden truth's own probability: the best that any model could score. */
  readonly probability: Float64Array;
}

export interface ReadPart {
  /** Folder of the training set. */
  readonly folder: string;
  readonly part: 'train' | 'test';
  /** The ads that were shown. */
  readonly ads: readonly AdDesign[];
}

/** In an order that does not depend on the ids of predictions, so that training is the same every time. */
const ORDER = ['ad_id', 'requested_at', 'bid', 'placement'];

/** A part of a training set as rows of the tensor, those of one ad one after another. */
export async function readPart({ folder, part, ads }: ReadPart): Promise<PartRows> {
  const designs = new Map(ads.map((ad) => [ad.adId, ad]));
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
    const probability: number[] = [];
    const startsAd: number[] = [];
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
      `select ad_id, clicked, bid, placement,
        epoch_ms(requested_at::timestamptz) as requested_ms, ${named(scalars).join(', ')} from ${relation} order by ${ORDER.join(', ')}`,
    ))
      for (const row of group) {
        clicked.push(value(row['clicked']));
        ofNewAd.push(value(row['ad_stats:impressions_7d']) > 0 ? 0 : 1);
        const adId = String(row['ad_id']);
        startsAd.push(adId === rows.at(-1)?.adId ? 0 : 1);
        const ad = designs.get(adId);
        if (ad === undefined) throw new Error(`${adId} of ${part}.parquet was not shown.`);
        probability.push(
          clickProbability(ad, {
            requestedAt: new Date(Number(row['requested_ms'])),
            placement: row['placement'] as Placement,
            bid: Number(row['bid']),
          }),
        );
        rows.push({
          adId,
          values: Float32Array.from(scalars, ({ ref }) => value(row[ref])),
        });
      }
    return {
      columns,
      count: rows.length,
      clicked: Uint8Array.from(clicked),
      startsAd: Uint8Array.from(startsAd),
      probability: Float64Array.from(probability),
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
