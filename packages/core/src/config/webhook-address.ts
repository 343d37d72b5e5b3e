import { LarderError } from '../errors.ts';

/** Where notices of incidents go. */
export interface WebhookAddress {
  readonly url: string;
  /** `whsec_` and base64. */
  readonly secret: string;
  /** The receiver may be in a private network. */
  readonly privateAddresses: boolean;
}

const MIN_SECRET_BYTES = 24;

/** Problem of a receiver's address, which is not repeated: its path is often a secret. Null: it is valid. */
export function webhookUrlProblem(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || !['https:', 'http:'].includes(url.protocol))
    return 'must be a URL that starts with https:// or http://';
  return url.username === '' && url.password === '' ? null : 'must not hold a user name or a password';
}

/** Problem of a signing secret; null when it is valid. */
export function webhookSecretProblem(text: string): string | null {
  const bytes = /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text.slice(6), 'base64').length : 0;
  return bytes >= MIN_SECRET_BYTES
    ? null
    : `must be whsec_ and at least ${MIN_SECRET_BYTES} bytes in base64, as this prints: echo "whsec_$(openssl rand -base64 32)"`;
}

/** The webhook of the settings; null: none. @throws CONFIGURATION_INVALID when only one of address and secret is set */
export function webhookAddress(settings: {
  readonly LARDER_WEBHOOK_URL: string | null;
  readonly LARDER_WEBHOOK_SECRET: string | null;
  readonly LARDER_WEBHOOK_PRIVATE_ADDRESSES: 'refused' | 'allowed';
}): WebhookAddress | null {
  const { LARDER_WEBHOOK_URL: url, LARDER_WEBHOOK_SECRET: secret } = settings;
  if (url === null && secret === null) return null;
  if (url !== null && secret !== null)
    return { url, secret, privateAddresses: settings.LARDER_WEBHOOK_PRIVATE_ADDRESSES === 'allowed' };
  const [missing, given] =
    url === null
      ? ['LARDER_WEBHOOK_URL', 'LARDER_WEBHOOK_SECRET']
      : ['LARDER_WEBHOOK_SECRET', 'LARDER_WEBHOOK_URL'];
  const detail = `is missing; ${given} is set`;
  throw new LarderError('CONFIGURATION_INVALID', `The configuration is wrong:\n  ${missing} ${detail}`, {
    errors: [{ pointer: `/${missing}`, detail }],
  });
}
