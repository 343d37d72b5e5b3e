import { LarderError } from '@larder/core';
import type { OfflineStore } from '../offline-store.ts';

/** The first version whose `create table` supports `storage` for a column. */
export const OLDEST_POSTGRES = 16;

/** @throws DATABASE_TOO_OLD */
export async function checkServerVersion(
  store: Pick<OfflineStore, 'pool'>,
  oldest: number = OLDEST_POSTGRES,
): Promise<void> {
  const { rows } = await store.pool.query<{ server_version: string }>('show server_version');
  const version = rows[0]?.server_version ?? 'unknown';
  if (Number.parseInt(version, 10) < oldest)
    throw new LarderError(
      'DATABASE_TOO_OLD',
      `PostgreSQL ${version} is too old; Larder requires ${oldest} or newer. Point LARDER_DATABASE_URL at a newer server, or unset it: larder up starts one.`,
    );
}
