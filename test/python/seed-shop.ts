import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

const CUSTOMERS = 120;
const WEEKS = 20;
const WEEK_MS = 7 * 86_400_000;
const HOUR_MS = 3_600_000;

/** The source, a row per customer and week, and `labels.csv`: who left within a month. Customers who order less leave more often. */
export async function seedShop(databaseUrl: string, folder: string): Promise<void> {
  const now = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const random = randomNumbers(7);
  const weeks: unknown[][] = [];
  const labels = ['customer_id,event_timestamp,asked_at,churned'];
  for (let c = 0; c < CUSTOMERS; c++) {
    for (let w = WEEKS; w >= 1; w--) {
      const orders = Math.floor(random() * 8);
      const at = now - w * WEEK_MS;
      const taste = c % 10 === 0 ? null : `[${random().toFixed(3)},${(c % 5) / 5}]`;
      // Not from `random`, whose numbers the labels follow.
      const account = [
        c % 7 === 0 ? null : (['free', 'plus', 'gold'][c % 3] as string),
        orders * 3 + (c % 4),
      ];
      weeks.push([
        `c-${c}`,
        new Date(at),
        orders,
        orders * (5 + random() * 20),
        c % 3 === 0,
        taste,
        ...account,
      ]);
      if ((c + w) % 4 > 0) continue;
      const asked = new Date(at + (1 + Math.floor(random() * 100)) * HOUR_MS).toISOString();
      labels.push(`c-${c},${asked},${asked},${random() < 0.9 - orders / 8 ? 1 : 0}`);
    }
  }
  // A customer that the source does not know.
  const asked = new Date(now - WEEK_MS).toISOString();
  labels.push(`nobody,${asked},${asked},0`);
  writeFileSync(join(folder, 'labels.csv'), `${labels.join('\n')}\n`);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    `create table customer_weeks (customer_id text, week timestamptz, orders real, spent float8, premium boolean, taste real[], plan text, logins bigint)`,
  );
  for (const week of weeks)
    await client.query(
      `insert into customer_weeks values ($1, $2, $3, $4, $5, (select array_agg(v::real) from json_array_elements_text($6::json) v), $7, $8)`,
      week,
    );
  await client.end();
}

/** The same numbers on every machine. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
