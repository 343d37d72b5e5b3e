import { Agent, request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface CallOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly agent?: Agent | false;
  readonly apiKey?: string;
}

/** Connections are kept and used again, as balancers and services do; nothing is sent twice. */
export const KEPT = new Agent({ keepAlive: true });

/** Sends one request. Rejects with the error of the connection. */
export function call(
  url: string,
  { method = 'GET', body, agent = KEPT, apiKey }: CallOptions = {},
): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = {
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      ...(text !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      }),
    };
    const sent = request(url, { method, agent, headers }, (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (answer += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(answer) }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
