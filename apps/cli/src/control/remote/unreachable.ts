import { LarderError } from '@larder/core';

const CERTIFICATE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock of this machine right?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it signed its certificate itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is from an authority that this machine does not trust',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is from an authority that this machine does not trust',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is from an authority that this machine does not trust',
};
const OTHER_HOST = 'ERR_TLS_CERT_ALTNAME_INVALID';
const TRUST = 'For an authority of your own: export NODE_EXTRA_CA_CERTS=/path/to/ca.pem';
const NAME = 'Set LARDER_URL to a name that the certificate has.';
const MAX_NAMES = 5;

const CONNECTION: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOTFOUND: 'no host has this name',
  EAI_AGAIN: 'the name of the host cannot be resolved now',
  EHOSTUNREACH: 'the host cannot be reached from here',
  ENETUNREACH: 'the host cannot be reached from here',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  EPROTO: 'it does not speak TLS; does its address begin with http:// ?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; does its address begin with http:// ?',
};

/** Why a request got no answer, in words. */
export function unreachable(thrown: unknown, url: string): LarderError {
  const code = codeOf(thrown);
  if (code === OTHER_HOST) return unusable(`its certificate is for ${namesIn(thrown)}`, NAME);
  const certificate = CERTIFICATE[code];
  const why =
    certificate ??
    CONNECTION[code] ??
    ((thrown as Error).name === 'TimeoutError' ? 'it did not answer in time' : code || messageOf(thrown));
  const todo = certificate === undefined ? 'Does the service run, and is LARDER_URL its address?' : TRUST;
  return unusable(why, todo);

  function unusable(reason: string, next: string): LarderError {
    return new LarderError('SERVICE_UNREACHABLE', `${url} cannot be used: ${reason}. ${next}`, {
      cause: thrown,
    });
  }
}

/** The hosts that a certificate is for; a server chooses how many. */
function namesIn(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  const { cert } = cause as { readonly cert?: { readonly subjectaltname?: string } };
  const names = (cert?.subjectaltname ?? '')
    .split(', ')
    .flatMap((each) => /^DNS:([\w.*-]+)$/.exec(each)?.[1] ?? []);
  return names.length === 0 ? 'another host' : `another host (${names.slice(0, MAX_NAMES).join(', ')})`;
}

function codeOf(thrown: unknown): string {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined) return code;
    if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  }
  return '';
}

/** The innermost one, such as that fetch refuses a port. */
function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'the request failed';
  return thrown.cause instanceof Error ? messageOf(thrown.cause) : thrown.message;
}
