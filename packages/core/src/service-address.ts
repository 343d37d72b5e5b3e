/** What is wrong with the address of a service; null: nothing. Says nothing of the address itself, which may hold a secret. */
export function serviceAddressProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'must be an address such as https://larder.example.com';
  const { protocol, username, password, search, hash } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return 'must begin with https:// or http://';
  if (username !== '' || password !== '')
    return 'must not hold a user or a password; an API key goes into LARDER_API_KEY';
  return search === '' && hash === '' ? null : 'must end with the host or a path, without ? and #';
}

const VISIBLE = /^[\x21-\x7e]{1,512}$/;

/** A key with a line break or a space would be refused by fetch, with a message that shows it. */
export function apiKeyProblem(text: string): string | null {
  return VISIBLE.test(text) ? null : 'must be an API key as it was shown: lrd_…, without spaces';
}

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** True for an address of this machine, which nobody on a network can listen to. */
export function isLoopbackAddress(text: string): boolean {
  return LOOPBACK.test(new URL(text).hostname);
}
