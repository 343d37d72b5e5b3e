import { query } from './query.ts';

/** PostgreSQL's `duplicate_database`. */
const DUPLICATE_DATABASE = '42P04';

/** Creates a database `ads` on the embedded server; in production it would be the advertiser's own. @returns its address */
export async function createAdsDatabase(larderDatabaseUrl: string): Promise<string> {
  await query(larderDatabaseUrl, 'create database ads').catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== DUPLICATE_DATABASE) throw error;
  });
  const url = new URL(larderDatabaseUrl.replace('@/', '@localhost/')); // a socket's address has no host, which URL refuses
  url.pathname = '/ads';
  return url.href.replace('@localhost/', '@/');
}
