import { ERRORS, LARDER_VERSION, LarderError, type ErrorCode, type ErrorDetail } from '@larder/core';
import { readText } from './read-text.ts';

export interface Asked {
  readonly url: string;
  readonly method: string;
  readonly path: string;
  /** A key was sent. */
  readonly hasKey: boolean;
}

const MAX_PROBLEM_BYTES = 2 ** 20;

/** The error that a service answered with, as it would be thrown here. */
export async function problemIn(response: Response, asked: Asked): Promise<LarderError> {
  const { status, headers } = response;
  const { url, method, path, hasKey } = asked;
  if (status >= 300 && status < 400) return redirected(response, url);
  const problem = problemOf(await readText(response, MAX_PROBLEM_BYTES).catch(() => ''));
  if (problem === null)
    return new LarderError(
      status === 502 || status === 503 || status === 504 ? 'SERVICE_UNREACHABLE' : 'SERVICE_ANSWER_INVALID',
      `${url} answered ${method} ${path} with ${status} and without a problem of Larder: something in front of the service did, or LARDER_URL is not its address.`,
    );
  const { code, detail, requestId, errors } = problem;
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN);
  const options = { requestId, errors, ...(retryAfter >= 0 && { retryAfterSeconds: retryAfter }) };
  if (code === 'ROUTE_NOT_FOUND' || code === 'METHOD_NOT_ALLOWED')
    return new LarderError(
      'SERVICE_OLDER',
      `The service at ${url} does not have ${method} ${path}: it is older than this command line (${LARDER_VERSION}). Update it, or use the command line of its release.`,
      options,
    );
  if (code === 'KEY_REQUIRED') return new LarderError(code, `${detail}\n${hasKey ? RENEW : GIVE}`, options);
  if (code === 'SCOPE_MISSING') return new LarderError(code, `${detail}\n${ASK}`, options);
  if (Object.hasOwn(ERRORS, code)) return new LarderError(code as ErrorCode, detail, options);
  // A code of a later release.
  return new LarderError('SERVICE_ANSWER_INVALID', `${code} (${status}): ${detail}`, options);
}

/** The error that a stream of events ended with. */
export function problemOfEvent(data: string): LarderError {
  const problem = problemOf(data);
  if (problem === null)
    return new LarderError('SERVICE_ANSWER_INVALID', 'The service failed without a reason.');
  const { code, detail, requestId, errors } = problem;
  if (Object.hasOwn(ERRORS, code)) return new LarderError(code as ErrorCode, detail, { requestId, errors });
  return new LarderError('SERVICE_ANSWER_INVALID', `${code}: ${detail}`, { requestId, errors });
}

const GIVE = 'Set LARDER_API_KEY. Who may create keys runs: larder api-keys create';
const ASK = 'Ask for a key that has it. Who may create keys runs: larder api-keys create';
const RENEW = 'The key in LARDER_API_KEY is not in force. Who may create keys runs: larder api-keys list';

function redirected({ status, headers }: Response, url: string): LarderError {
  const location = headers.get('location') ?? '';
  const to = URL.canParse(location, url) ? new URL(location, url).origin : 'elsewhere';
  return new LarderError(
    'SERVICE_ANSWER_INVALID',
    `${url} redirects (${status}) to ${to}, which is not followed, so that no other host gets the API key. Set LARDER_URL to the address of the service itself.`,
  );
}

interface ReadProblem {
  readonly code: string;
  readonly detail: string;
  readonly requestId: string | undefined;
  readonly errors: readonly ErrorDetail[];
}

/** Members that are unknown here are left out. */
function problemOf(text: string): ReadProblem | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof body !== 'object' || body === null) return null;
  const { code, detail, request_id: requestId, errors } = body as Readonly<Record<string, unknown>>;
  if (typeof code !== 'string' || typeof detail !== 'string') return null;
  return {
    code,
    detail,
    requestId: typeof requestId === 'string' ? requestId : undefined,
    errors: (Array.isArray(errors) ? errors : []).filter(
      (each): each is ErrorDetail => typeof each?.pointer === 'string' && typeof each.detail === 'string',
    ),
  };
}
