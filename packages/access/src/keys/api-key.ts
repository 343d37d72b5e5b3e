import { LarderError } from '@larder/core';
import type { Rate } from '../limits/gcra.ts';
import { rateText } from '../limits/parse-rate.ts';

/** A key on record, without its secret, which nobody can read again. */
export interface ApiKey {
  readonly keyId: string;
  readonly environment: string;
  readonly name: string;
  readonly role: string | null;
  /** Granted beside those of the role. */
  readonly scopes: readonly string[];
  readonly rate: Rate | null;
  readonly status: 'in_force' | 'expired' | 'revoked';
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly revokedBy: string | null;
  /** The secrets in force, the newest first. */
  readonly secrets: readonly { readonly createdAt: Date; readonly expiresAt: Date | null }[];
}

/** A key in the form of the HTTP API and the CLI. */
export function apiKeyJson(key: ApiKey) {
  return {
    id: key.keyId,
    environment: key.environment,
    name: key.name,
    role: key.role,
    scopes: [...key.scopes],
    rate: key.rate === null ? null : rateText(key.rate),
    status: key.status,
    created_at: key.createdAt.toISOString(),
    created_by: key.createdBy,
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    revoked_by: key.revokedBy,
    secrets: key.secrets.map(({ createdAt, expiresAt }) => ({
      created_at: createdAt.toISOString(),
      expires_at: expiresAt?.toISOString() ?? null,
    })),
  };
}

export function keyNotFound(): LarderError {
  return new LarderError(
    'API_KEY_NOT_FOUND',
    'This project has no API key with this id; larder api-keys list shows the ids.',
  );
}
