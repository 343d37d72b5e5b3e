import { Agent, request } from 'node:http';

export interface Latencies {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Posts the bodies one after the other over one kept-alive connection. @throws Error at the first answer that is not 200. */
export async function measureLatencies(url: string, bodies: readonly object[]): Promise<Latencies> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const tookMs: number[] = [];
    for (const body of bodies) {
      const started = performance.now();
      await post(agent, url, JSON.stringify(body));
      tookMs.push(performance.now() - started);
    }
    const sorted = tookMs.toSorted((a, b) => a - b);
    return { count: sorted.length, p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
  } finally {
    agent.destroy();
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] as number;
}

function post(agent: Agent, url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', agent, headers, timeout: 30_000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (text += part));
      answer.on('end', () =>
        answer.statusCode === 200
          ? resolve(text)
          : reject(new Error(`${url} answered ${answer.statusCode}: ${text}`)),
      );
    });
    sent.once('error', reject);
    sent.once('timeout', () => sent.destroy(new Error(`${url} did not answer within 30 s`)));
    sent.end(body);
  });
}
