import { LarderError } from '../errors.ts';
import type { Settings } from './read-settings.ts';

export type AuthMode = 'off' | 'keys' | 'insecure';
export type PublicRoute = 'metrics' | 'docs';

/** Who may call a process. */
export interface AccessSettings {
  readonly auth: AuthMode;
  /** Routes that need no key although the others do. */
  readonly publicRoutes: readonly PublicRoute[];
  /** How long the keys known last stay in force while PostgreSQL does not answer. */
  readonly offlineMs: number;
}

export const ACCESS_SETTINGS = ['LARDER_AUTH', 'LARDER_PUBLIC_ROUTES', 'LARDER_AUTH_OFFLINE'] as const;

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/i;

/** Whether only this machine reaches what listens on the host. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host);
}

/** @throws CONFIGURATION_INVALID when the process would listen beyond this machine and ask nobody for a key */
export function accessSettings(
  settings: Settings<(typeof ACCESS_SETTINGS)[number]>,
  listening: { readonly host: string } | null,
): AccessSettings {
  const auth = settings.LARDER_AUTH;
  if (listening !== null) refuseOpenDoor(auth, listening.host);
  return {
    auth,
    publicRoutes: settings.LARDER_PUBLIC_ROUTES,
    offlineMs: settings.LARDER_AUTH_OFFLINE,
  };
}

/** @throws CONFIGURATION_INVALID */
export function refuseOpenDoor(auth: AuthMode, host: string): void {
  if (auth !== 'off' || isLoopbackHost(host)) return;
  throw new LarderError(
    'CONFIGURATION_INVALID',
    `LARDER_HOST is ${host}, which other machines may reach, and LARDER_AUTH is off: whoever reaches it could call every route. Choose one:\n` +
      '  LARDER_AUTH=keys: callers need an API key; create the first with: larder api-keys create NAME --role admin\n' +
      '  LARDER_AUTH=insecure, or --insecure: nobody needs a key, and something in front keeps strangers out',
    { errors: [{ pointer: '/LARDER_AUTH', detail: 'is off, and LARDER_HOST is not a loopback address' }] },
  );
}

/** What a process logs when it starts and nobody needs a key; null: callers need one. */
export function openDoorNotice({ auth }: AccessSettings): string | null {
  if (auth === 'keys') return null;
  return auth === 'off'
    ? 'Nobody needs an API key: LARDER_AUTH is off, and only this machine reaches the port'
    : 'Nobody needs an API key: LARDER_AUTH is insecure, so whoever reaches the port may call every route';
}
