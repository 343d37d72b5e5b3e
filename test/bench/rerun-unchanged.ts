import { backfill, queryAds, startAdsStack } from './ads/ads-stack.ts';
import { median, type Bench, type BenchRow } from './row.ts';

const TARGET = 20;
const ROUNDS = 3;
/** Addresses per picture. */
const COPIES = 3;

/** Pictures per second of a run that computes everything, of the same again, of one over rows that are new, and of a forced one. */
const bench: Bench = {
  name: 'rerun-unchanged',
  what: 'pictures/s of a backfill of ad_image that has nothing to compute, against one that computes each picture',
  async run(progress) {
    const computing = await secondsOf(progress, 0);
    const remembering = await secondsOf(progress, 2 ** 30);
    const row = (name: string, seconds: number, target: number | null, note: string): BenchRow => {
      const ratio = computing.first / seconds;
      return {
        name,
        value: remembering.rows / seconds,
        unit: 'pictures/s',
        floor: remembering.rows / computing.first,
        ratio,
        target: target === null ? 'no target' : `≥ ${target} × its pictures/s`,
        ok: target === null ? null : ratio >= target,
        note,
      };
    };
    return [
      row('rerun-unchanged', remembering.again, TARGET, 'rows skipped by the hash of their input'),
      row('rerun-unchanged, new rows', remembering.touched, null, 'rows land again; hosts answer 304'),
      row(
        'rerun-unchanged, forced',
        remembering.forced,
        null,
        `each picture computed once for ${COPIES} addresses`,
      ),
    ];
  },
};
export default bench;

interface Seconds {
  readonly rows: number;
  readonly first: number;
  readonly again: number;
  readonly touched: number;
  readonly forced: number;
}

async function secondsOf(progress: (message: string) => void, valueMemoryBytes: number): Promise<Seconds> {
  const ads = await startAdsStack(progress, { valueMemoryBytes });
  try {
    await queryAds(
      ads,
      `insert into ads select ad_id || '-' || copy, campaign, headline, image_url || '?copy=' || copy, created_at, updated_at
         from ads, generate_series(2, ${COPIES}) copy`,
    );
    // Loads the encoder.
    await backfill(ads, 'ad_image', true);
    const rows =
      (await queryAds<{ count: number }>(ads, 'select count(*)::integer as count from ads'))[0]?.count ?? 0;
    const measure = async (what: string, force: boolean, touch: boolean): Promise<number> => {
      const all: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        if (touch) await queryAds(ads, `update ads set updated_at = updated_at + interval '1 second'`);
        all.push((await backfill(ads, 'ad_image', force)).seconds);
      }
      progress(
        `${valueMemoryBytes === 0 ? 'computing' : 'remembering'}, ${what}: ${median(all).toFixed(2)} s`,
      );
      return median(all);
    };
    const forced = await measure('forced', true, false);
    if (valueMemoryBytes === 0) return { rows, first: forced, again: 0, touched: 0, forced };
    const again = await measure('again', false, false);
    const touched = await measure('new rows', false, true);
    return { rows, first: forced, again, touched, forced };
  } finally {
    await ads.close();
  }
}
