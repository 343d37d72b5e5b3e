// Keys
export { keyInHeaders } from './key/key-in-headers.ts';
export { apiKeyJson } from './keys/api-key.ts';
export type { ApiKey } from './keys/api-key.ts';
export { createKey } from './keys/create-key.ts';
export type { KeyRequest, KeyWithText } from './keys/create-key.ts';
export { endingKeys } from './keys/ending-keys.ts';
export type { EndingKey } from './keys/ending-keys.ts';
export type { Grantor } from './keys/hand-on.ts';
export { getKey, listKeys } from './keys/read-keys.ts';
export { revokeKey } from './keys/revoke-key.ts';
export { rotateKey } from './keys/rotate-key.ts';
export type { RotationRequest } from './keys/rotate-key.ts';
// Checking
export { createKeyring } from './keyring/create-keyring.ts';
export type { Keyring, KeyringOptions } from './keyring/create-keyring.ts';
export type { KnownKey } from './keyring/known-key.ts';
export { holds } from './scopes/grants.ts';
// Hosts
export { createAllowedHosts, isAddressHost } from './hosts/allowed-hosts.ts';
export type { AllowedHosts } from './hosts/allowed-hosts.ts';
// Limits
export { createAddressLimit } from './limits/per-address.ts';
export { Gcra } from './limits/gcra.ts';
export type { Rate } from './limits/gcra.ts';
export { parseRate } from './limits/parse-rate.ts';
