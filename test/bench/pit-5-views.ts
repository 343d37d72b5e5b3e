import {
  createSpineTable,
  ROWS_PER_ACCOUNT,
  spineBytes,
  startHistoryDatabase,
} from './point-in-time/history-database.ts';
import { joinOf, measureJoin, told } from './point-in-time/measure-join.ts';
import { interleaved, median, type Bench } from './row.ts';

const HISTORY_ROWS = 5_000_000;
const SPINE_SHARE = 0.1;
const ROUNDS = 3;
const MAX_RATIO = 5.5;
const VIEWS = ['stats_1', 'stats_2', 'stats_3', 'stats_4', 'stats_5'];
/** Shorter than the mean time between rows of an account, so that many rows are too old. */
const TTL_MS = 3 * 86_400_000;

const bench: Bench = {
  name: 'pit-5-views',
  what: '500,000 rows joined with five views of 5,000,000 rows each, with a TTL of three days, against one view without a TTL',
  async run(progress, { rows: historyRows = HISTORY_ROWS } = {}) {
    const database = await startHistoryDatabase(VIEWS, historyRows);
    try {
      await createSpineTable(database, historyRows * SPINE_SHARE, historyRows / ROWS_PER_ACCOUNT);
      const spine = await spineBytes(database);
      const five = await joinOf(database, VIEWS, TTL_MS);
      const one = await joinOf(database, VIEWS.slice(0, 1));
      const timed = async (join: typeof five): Promise<number> => {
        const measuredJoin = await measureJoin(database, join, spine);
        progress(`${join.views.length} views: ${told(measuredJoin)}`);
        return measuredJoin.seconds;
      };
      const measured = await interleaved(
        ROUNDS,
        () => timed(five),
        () => timed(one),
      );
      const ratio = median(measured.ratios);
      return [
        {
          name: 'pit-5-views',
          value: median(measured.values),
          unit: 's',
          floor: median(measured.floors),
          ratio,
          target: `≤ ${MAX_RATIO} × one view`,
          ok: ratio <= MAX_RATIO,
        },
      ];
    } finally {
      await database.close();
    }
  },
};

export default bench;
