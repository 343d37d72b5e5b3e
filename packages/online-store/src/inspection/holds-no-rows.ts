import type { Redis } from 'ioredis';
import { scanEntities } from '../keys/scan-entities.ts';

/** Thousands of keys of others, and still no row: then it is not told. */
const MAX_PAGES = 20;

/** Redis has no row of the project: it was emptied or replaced, or nothing ever landed. One command where there are rows. */
export async function holdsNoRows(redis: Redis, project: string): Promise<boolean> {
  let pages = 0;
  for await (const entities of scanEntities(redis, project, 1_000))
    if (entities.length > 0 || ++pages === MAX_PAGES) return false;
  return true;
}
