import pg from 'pg';
import { picturePath, type AdDesign } from './catalogue/ad-design.ts';
import { demoAds } from './catalogue/demo-ads.ts';
import { ageInDays, DAY_MS, simulateWeek } from './simulation/audience.ts';

export interface SeedOptions {
  /** The advertiser's own PostgreSQL database: the source, not Larder's store. */
  readonly databaseUrl: string;
  /** Address of the creative feed; `ads.image_url` points there. */
  readonly feedUrl: string;
  /** @default the demo's ads */
  readonly ads?: readonly AdDesign[];
  /** @default the system's clock */
  readonly nowMs?: number;
}

export interface SeedResult {
  readonly ads: number;
  /** Ads that are new or whose picture address has changed. */
  readonly changedAds: number;
  readonly adDays: number;
}

const TABLES = `
  create table if not exists public.ads (
    ad_id text primary key,
    campaign text not null,
    headline text not null,
    image_url text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
  );
  create table if not exists public.ad_days (
    ad_id text not null references public.ads on delete cascade,
    day date not null,
    impressions integer not null,
    clicks integer not null,
    primary key (ad_id, day)
  );`;

/** Creates and fills `ads` and `ad_days`; a row that is already correct keeps its `updated_at`. */
export async function seedAds(options: SeedOptions): Promise<SeedResult> {
  const ads = options.ads ?? demoAds();
  const nowMs = options.nowMs ?? Date.now();
  const client = new pg.Client({ connectionString: options.databaseUrl });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(TABLES);
    const changedAds = await upsertAds(client, { ads, feedUrl: options.feedUrl, nowMs });
    const adDays = await addDays(client, ads, new Date(Math.floor(nowMs / DAY_MS) * DAY_MS));
    await client.query('commit');
    return { ads: ads.length, changedAds, adDays };
  } finally {
    await client.end();
  }
}

async function upsertAds(
  client: pg.Client,
  {
    ads,
    feedUrl,
    nowMs,
  }: { readonly ads: readonly AdDesign[]; readonly feedUrl: string; readonly nowMs: number },
): Promise<number> {
  const rows = ads.map((ad) => ({
    ad_id: ad.adId,
    campaign: ad.campaign.id,
    headline: ad.headline,
    image_url: `${feedUrl}/${picturePath(ad)}`,
    created_at: new Date(nowMs - ageInDays(ad) * DAY_MS),
  }));
  const { rowCount } = await client.query(
    `insert into public.ads as ads (ad_id, campaign, headline, image_url, created_at, updated_at)
     select ad_id, campaign, headline, image_url, created_at, created_at
       from json_to_recordset($1) as ad (ad_id text, campaign text, headline text, image_url text, created_at timestamptz)
     on conflict (ad_id) do update
        set campaign = excluded.campaign, headline = excluded.headline, image_url = excluded.image_url, updated_at = $2
      where (ads.campaign, ads.headline, ads.image_url)
            is distinct from (excluded.campaign, excluded.headline, excluded.image_url)`,
    [JSON.stringify(rows), new Date(nowMs)],
  );
  return rowCount ?? 0;
}

async function addDays(client: pg.Client, ads: readonly AdDesign[], today: Date): Promise<number> {
  const rows = ads.flatMap((ad) =>
    simulateWeek(ad, today).map(({ day, impressions, clicks }) => ({
      ad_id: ad.adId,
      day,
      impressions,
      clicks,
    })),
  );
  const { rowCount } = await client.query(
    `insert into public.ad_days
     select * from json_to_recordset($1) as ad_day (ad_id text, day date, impressions integer, clicks integer)
     on conflict do nothing`,
    [JSON.stringify(rows)],
  );
  return rowCount ?? 0;
}
