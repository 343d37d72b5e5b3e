import { undocumented } from './undocumented.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is not JSON. */
  readonly body: unknown;
}

export interface Http {
  get(path: string, headers?: Record<string, string>): Promise<HttpAnswer>;
  /** A string is sent as it is, anything else as JSON. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<HttpAnswer>;
  put(path: string, body: unknown, headers?: Record<string, string>): Promise<HttpAnswer>;
  send(path: string, init: RequestInit): Promise<HttpAnswer>;
  readonly url: string;
}

/** Sends requests, and checks the status and code of every answer against the OpenAPI document. */
export function createHttp(url: string): Http {
  const send = async (path: string, init: RequestInit): Promise<HttpAnswer> => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    const answer = { status: response.status, headers: response.headers, text, body: jsonOf(text) };
    const missing = undocumented({ method: init.method ?? 'GET', path, ...answer });
    if (missing !== undefined) throw new Error(`The OpenAPI document lacks an answer: ${missing}`);
    return answer;
  };
  const write =
    (method: string) =>
    (path: string, body: unknown, headers: Record<string, string> = {}) =>
      send(path, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
  return {
    url,
    send,
    get: (path, headers = {}) => send(path, { headers }),
    post: write('POST'),
    put: write('PUT'),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
