import { KEY_ROLES } from '@larder/contracts';
import { LarderError, type ErrorDetail } from '@larder/core';
import { recordAudit, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { hashSecret } from '../key/hash-secret.ts';
import { KEY_ENVIRONMENT, newKeyText } from '../key/key-format.ts';
import type { Rate } from '../limits/gcra.ts';
import { grantedScopes, isKeyRole, scopeProblem } from '../scopes/grants.ts';
import type { ApiKey } from './api-key.ts';
import { handOn, type Grantor } from './hand-on.ts';
import { getKey } from './read-keys.ts';

export const DEFAULT_LIFETIME_MS = 365 * 86_400_000;
export const DEFAULT_ENVIRONMENT = 'live';

export interface KeyRequest {
  readonly project: string;
  readonly name: string;
  /** @default 'live' */
  readonly environment?: string | undefined;
  readonly role: string | null;
  readonly scopes: readonly string[];
  /** Null: no limit. */
  readonly rate: Rate | null;
  /** @default 365 days */
  readonly lifetimeMs?: number | 'forever' | undefined;
  readonly by: Grantor;
}

/** A key and the only copy of its text. */
export interface KeyWithText {
  readonly key: ApiKey;
  readonly text: string;
}

/** @throws REQUEST_INVALID, SCOPE_MISSING when the grantor lacks a scope itself */
export async function createKey(store: OfflineStore, request: KeyRequest): Promise<KeyWithText> {
  const { project, name, environment = DEFAULT_ENVIRONMENT, role, scopes, rate, by } = request;
  checkRequest({ ...request, environment });
  handOn(by, grantedScopes(role, scopes));
  const { keyId, secret, text } = newKeyText(environment);
  await store.transaction(async (tx) => {
    const { db } = tx;
    await db
      .insertInto('larder.api_keys')
      .values({
        key_id: keyId,
        project,
        environment,
        name,
        role,
        scopes: [...new Set(scopes)],
        rate_requests: rate?.requests ?? null,
        rate_window_seconds: rate?.windowSeconds ?? null,
        created_by: by.actor,
        expires_at: expiresAt(request.lifetimeMs),
      })
      .execute();
    await db
      .insertInto('larder.api_key_secrets')
      .values({ key_id: keyId, secret_sha256: hashSecret(secret), created_by: by.actor })
      .execute();
    await recordAudit(tx, {
      project,
      action: 'api-key.create',
      subject: `api key ${keyId}`,
      after: grantText(role, scopes),
    });
  });
  return { key: await getKey(store, project, keyId), text };
}

/** `role caller, predict:ad_ctr`, for the audit. */
export function grantText(role: string | null, scopes: readonly string[]): string {
  return [...(role === null ? [] : [`role ${role}`]), ...scopes].join(', ');
}

/** By the database's clock. */
export function expiresAt(lifetimeMs: number | 'forever' = DEFAULT_LIFETIME_MS) {
  return lifetimeMs === 'forever' ? null : sql<Date>`now() + ${lifetimeMs} * interval '1 millisecond'`;
}

const MAX_NAME_LENGTH = 100;

function checkRequest({
  name,
  environment,
  role,
  scopes,
}: Pick<KeyRequest, 'name' | 'role' | 'scopes'> & { readonly environment: string }): void {
  const errors: ErrorDetail[] = [];
  if (name.trim() === '' || name.length > MAX_NAME_LENGTH || !name.isWellFormed() || /\p{Cc}/u.test(name))
    errors.push({
      pointer: '/name',
      detail: `the name must be one line of 1 to ${MAX_NAME_LENGTH} characters`,
    });
  if (!KEY_ENVIRONMENT.test(environment))
    errors.push({
      pointer: '/environment',
      detail: 'must be 2 to 16 characters of a-z and 0-9, a letter first',
    });
  if (role !== null && !isKeyRole(role))
    errors.push({
      pointer: '/role',
      detail: `'${role}' is not a role; roles are ${Object.keys(KEY_ROLES).join(', ')}`,
    });
  scopes.forEach((scope, at) => {
    const problem = scopeProblem(scope);
    if (problem !== null) errors.push({ pointer: `/scopes/${at}`, detail: problem });
  });
  if (role === null && scopes.length === 0)
    errors.push({ pointer: '/role', detail: 'give a role or at least one scope' });
  if (errors.length > 0)
    throw new LarderError('REQUEST_INVALID', errors.map(({ detail }) => detail).join('; '), { errors });
}
