import { LarderError } from '@larder/core';
import { recordAudit, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { hashSecret } from '../key/hash-secret.ts';
import { newKeyText } from '../key/key-format.ts';
import { grantedScopes } from '../scopes/grants.ts';
import { keyNotFound } from './api-key.ts';
import { expiresAt, grantText, type KeyWithText } from './create-key.ts';
import { handOn, type Grantor } from './hand-on.ts';
import { getKey } from './read-keys.ts';

export const DEFAULT_OVERLAP_MS = 86_400_000;

export interface RotationRequest {
  readonly project: string;
  readonly keyId: string;
  /** How long the old secret stays in force; 0: not at all. @default 24 h */
  readonly overlapMs?: number | undefined;
  /** Of the key from now on. @default 365 days; a key that never expires stays so */
  readonly lifetimeMs?: number | 'forever' | undefined;
  readonly by: Grantor;
}

/**
 * Gives a key a new secret; the old one stays in force during the overlap, but never longer than it would have. At most
 * two secrets are in force: a rotation during an overlap ends the oldest at once.
 * @throws API_KEY_NOT_FOUND, API_KEY_NOT_IN_FORCE, SCOPE_MISSING when the grantor lacks a scope of the key
 */
export async function rotateKey(store: OfflineStore, request: RotationRequest): Promise<KeyWithText> {
  const { project, keyId, overlapMs = DEFAULT_OVERLAP_MS, by } = request;
  const text = await store.transaction(async (tx) => {
    const { db } = tx;
    const key = await db
      .selectFrom('larder.api_keys')
      .selectAll()
      .select(sql<boolean>`revoked_at is null and coalesce(expires_at > now(), true)`.as('in_force'))
      .where('project', '=', project)
      .where('key_id', '=', keyId)
      .forUpdate()
      .executeTakeFirst();
    if (key === undefined) throw keyNotFound();
    if (!key.in_force)
      throw new LarderError(
        'API_KEY_NOT_IN_FORCE',
        `The key ${keyId} was revoked or has expired; create a new one.`,
      );
    // Else a key that only administers keys would get the powers of any other.
    handOn(by, grantedScopes(key.role, key.scopes));
    const renewed = newKeyText(key.environment, keyId);
    await sql`
      delete from larder.api_key_secrets where key_id = ${keyId} and (expires_at is not null or ${overlapMs === 0})
    `.execute(db);
    await sql`
      update larder.api_key_secrets
      set expires_at = least(now() + ${overlapMs} * interval '1 millisecond', ${key.expires_at})
      where key_id = ${keyId}`.execute(db);
    await db
      .insertInto('larder.api_key_secrets')
      .values({ key_id: keyId, secret_sha256: hashSecret(renewed.secret), created_by: by.actor })
      .execute();
    const lifetimeMs = request.lifetimeMs ?? (key.expires_at === null ? 'forever' : undefined);
    await db
      .updateTable('larder.api_keys')
      .set((eb) => ({ expires_at: expiresAt(lifetimeMs), revision: eb('revision', '+', 1) }))
      .where('key_id', '=', keyId)
      .execute();
    await recordAudit(tx, {
      project,
      action: 'api-key.rotate',
      subject: `api key ${keyId}`,
      after: grantText(key.role, key.scopes),
    });
    return renewed.text;
  });
  return { key: await getKey(store, project, keyId), text };
}
