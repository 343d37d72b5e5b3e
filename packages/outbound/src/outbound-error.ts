/** Why a request failed; callers map each reason to a code of their own and say what to do. */
export type OutboundReason =
  /** Not an http or https address without a user name. */
  | 'url_invalid'
  | 'host_not_allowed'
  /** Private, loopback or otherwise not public, as an IP address or by what its name resolves to. */
  | 'address_private'
  /** A redirect without a target, from https to http, or one too many. */
  | 'redirect_refused'
  /** A redirect to anything but a usable http or https address. */
  | 'redirect_invalid'
  /** 404 or 410. */
  | 'not_found'
  /** 429 or 5xx. */
  | 'busy'
  /** Any other status but 200. */
  | 'refused'
  /** A compressed body, which was not requested. */
  | 'encoded'
  /** Not HTTP, broken HTTP, or too large headers. */
  | 'answer_invalid'
  | 'too_large'
  | 'timed_out'
  | 'unreachable';

/** A request that failed. The message says what happened, without a full stop and without the query of the address. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly reason: OutboundReason;

  constructor(reason: OutboundReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
