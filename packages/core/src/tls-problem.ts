// Why a connection to a store was refused before anything was sent, and what to do. The texts name neither host nor user.

const UNTRUSTED =
  'its TLS certificate is not from an authority that this process trusts. Name the CA that issued it in the address: sslrootcert=/path/ca.pem';
const EXPIRED = 'its TLS certificate has expired or is not valid yet. Renew it, and check the clocks';

const BY_CODE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: EXPIRED,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its TLS certificate is for another host. Use a host name that the certificate lists, or issue one for this host',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
};
const WITHOUT_TLS = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/;

/** What is wrong with the TLS of a server, and the fix; null when the error has another reason. */
export function tlsProblem(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code, message, syscall, path } = error as NodeJS.ErrnoException;
  if (syscall === 'open' && path !== undefined)
    return `the file ${path}, which its address names, cannot be read (${code}). Correct sslrootcert, or the rights of the file`;
  if (message === 'The server does not support SSL connections' || WITHOUT_TLS.test(code ?? ''))
    return 'it does not speak TLS. Turn TLS on there; nothing was sent in plain text';
  return BY_CODE[code ?? ''] ?? null;
}
