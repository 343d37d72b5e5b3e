import { backfill, queryAds, startAdsStack, WORKER_SLOTS, type AdsStack } from './ads-stack.ts';
import { startBareLoop } from './start-bare-loop.ts';
import { interleaved, median, type Bench } from '../row.ts';

const MIN_RATIO = 0.88;

interface BackfillBenchOptions {
  readonly name: string;
  readonly view: string;
  /** The file in this folder that does the same with each picture and stores nothing, and a description of its work. */
  readonly describe: string;
  readonly loop: string;
  readonly rounds: number;
  /** Keeps only usable pictures in the table: a loop without Larder would stop at the first bad one. */
  prepare(ads: AdsStack): Promise<void>;
}

/** Pictures per second of a view's backfill against a bare loop over the same addresses on as many threads. */
export function backfillBench({ name, view, describe, loop, rounds, prepare }: BackfillBenchOptions): Bench {
  return {
    name,
    what: `pictures/s of a backfill of ${view}, from the request to the last row in Redis, against a bare loop of ${loop} on ${WORKER_SLOTS} threads`,
    async run(progress) {
      const ads = await startAdsStack(progress);
      const bare = startBareLoop(describe);
      try {
        await prepare(ads);
        const rows = await queryAds<{ image_url: string }>(ads, 'select image_url from ads order by ad_id');
        const addresses = rows.map((row) => row.image_url);
        const perSecond = (what: string, seconds: number): number => {
          const value = addresses.length / seconds;
          progress(`${what}: ${value.toPrecision(3)} pictures/s`);
          return value;
        };
        const measured = await interleaved(
          rounds,
          async () => {
            const { seconds, done } = await backfill(ads, view, true);
            if (done !== addresses.length)
              throw new Error(`The backfill computed ${done} of ${addresses.length} pictures.`);
            return perSecond('backfill', seconds);
          },
          async () => perSecond('bare loop', await bare.secondsOf({ addresses, threads: WORKER_SLOTS })),
        );
        const ratio = median(measured.ratios);
        return [
          {
            name,
            value: median(measured.values),
            unit: 'pictures/s',
            floor: median(measured.floors),
            ratio,
            target: `≥ ${MIN_RATIO} × its pictures/s`,
            ok: ratio >= MIN_RATIO,
          },
        ];
      } finally {
        bare.stop();
        await ads.close();
      }
    },
  };
}
