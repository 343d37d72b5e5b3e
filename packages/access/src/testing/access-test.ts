import { createLogger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { test as storeTest } from '@larder/offline-store/testing';
import { createKey, type KeyWithText } from '../keys/create-key.ts';
import type { KeyRequest } from '../keys/create-key.ts';

export const test = storeTest;
export const silent = createLogger('test', { level: 'silent' });
export const ADA = { actor: 'ada@laptop', granted: null };

/** A key of the role `caller`, unless `changes` say otherwise. */
export function makeKey(
  store: OfflineStore,
  project: string,
  changes: Partial<KeyRequest> = {},
): Promise<KeyWithText> {
  return createKey(store, {
    project,
    name: 'shop',
    role: 'caller',
    scopes: [],
    rate: null,
    by: ADA,
    ...changes,
  });
}
