import { LarderError, type ErrorCode } from '@larder/core';
import type { OutboundError, OutboundReason } from '@larder/outbound';

type PictureError = readonly [code: ErrorCode, messageOf: (what: string) => string];

/** Error of a picture that cannot be fetched, with what to do about it. */
const FAILURES: Readonly<Record<OutboundReason, PictureError>> = {
  url_invalid: [
    'PICTURE_URL_INVALID',
    () =>
      'The address of the picture must be an http or https address without a user name; fix it in the source.',
  ],
  host_not_allowed: [
    'PICTURE_HOST_NOT_ALLOWED',
    (what) => `${what}; add it there, or fix the address in the source.`,
  ],
  address_private: [
    'PICTURE_ADDRESS_PRIVATE',
    (what) => `${what}; serve the picture from one, or add the address itself to the project's allowedHosts.`,
  ],
  redirect_refused: ['PICTURE_REDIRECTED', (what) => `${what}; put the final address into the source.`],
  redirect_invalid: ['PICTURE_URL_INVALID', (what) => `${what}; put the final address into the source.`],
  not_found: ['PICTURE_NOT_FOUND', (what) => `${what}: there is no picture at this address.`],
  busy: ['PICTURE_UNAVAILABLE', (what) => `${what}; try again later.`],
  refused: ['PICTURE_REFUSED', (what) => `${what} instead of the picture; give the workers access to it.`],
  encoded: ['PICTURE_ANSWER_INVALID', (what) => `${what}; serve the picture without Content-Encoding.`],
  answer_invalid: ['PICTURE_ANSWER_INVALID', (what) => `${what}; fix the host.`],
  too_large: ['PICTURE_TOO_LARGE', (what) => `${what}; serve a smaller picture or raise maxBytes.`],
  timed_out: ['PICTURE_TIMEOUT', (what) => `${what}; try again later.`],
  unreachable: ['PICTURE_UNAVAILABLE', (what) => `${what}; try again later.`],
};

/** Turns the failure of a fetch into the failure of a picture. */
export function pictureFailure(error: OutboundError): LarderError {
  const [code, messageOf] = FAILURES[error.reason];
  return new LarderError(code, messageOf(error.message), { cause: error.cause });
}
