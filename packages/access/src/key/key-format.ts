/* keyIdIn runs for every request, parseKey for those whose key the process has not verified yet. */
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { base62, base62OfUint32 } from './base62.ts';

/** `lrd_<environment>_<id>_<secret>_<checksum>`: a double click selects it, and a scanner can verify it without us. */
export interface ParsedKey {
  readonly keyId: string;
  readonly secret: string;
}

export interface NewKeyText extends ParsedKey {
  /** The whole key, shown once. */
  readonly text: string;
}

const ID_LENGTH = 10;
/** 32 random bytes. */
const SECRET_BYTES = 32;
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
/** Characters from the id to the end. */
const TAIL_LENGTH = ID_LENGTH + 1 + SECRET_LENGTH + 1 + CHECKSUM_LENGTH;
const ENVIRONMENT = '[a-z][a-z0-9]{1,15}';
const KEY = new RegExp(
  `^lrd_${ENVIRONMENT}_[0-9A-Za-z]{${ID_LENGTH}}_[0-9A-Za-z]{${SECRET_LENGTH}}_[0-9A-Za-z]{${CHECKSUM_LENGTH}}$`,
);

export const KEY_ENVIRONMENT = new RegExp(`^${ENVIRONMENT}$`);

/** A new key, or a new secret for the key of this id. */
export function newKeyText(environment: string, keyId = newKeyId()): NewKeyText {
  const secret = base62(BigInt(`0x${randomBytes(SECRET_BYTES).toString('hex')}`), SECRET_LENGTH);
  const checked = `lrd_${environment}_${keyId}_${secret}`;
  return { keyId, secret, text: `${checked}_${checksum(checked)}` };
}

/** Null when the text is not a key: wrong form, or a wrong checksum, as after a mistyped character. */
export function parseKey(text: string): ParsedKey | null {
  if (!KEY.test(text)) return null;
  const checked = text.slice(0, -CHECKSUM_LENGTH - 1);
  if (checksum(checked) !== text.slice(-CHECKSUM_LENGTH)) return null;
  const secretAt = text.length - TAIL_LENGTH + ID_LENGTH + 1;
  return {
    keyId: keyIdIn(text),
    secret: text.slice(secretAt, secretAt + SECRET_LENGTH),
  };
}

/** The id in a text that may be a key, at the cost of a slice; of another text, any part of it. */
export function keyIdIn(text: string): string {
  return text.slice(-TAIL_LENGTH, ID_LENGTH - TAIL_LENGTH);
}

function newKeyId(): string {
  // 8 bytes give 10.7 digits: the first one is dropped, and the rest stay uniform enough to be unique.
  return base62(BigInt(`0x${randomBytes(8).toString('hex')}`), ID_LENGTH + 1).slice(1);
}

function checksum(text: string): string {
  return base62OfUint32(crc32(text));
}
