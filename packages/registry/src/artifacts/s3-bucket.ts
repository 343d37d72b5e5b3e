import { setTimeout as delay } from 'node:timers/promises';
import { isLarderError, LarderError } from '@larder/core';

/**
 * Objects of an S3-compatible store: four requests of its REST API, signed with Signature Version 4. The address is the
 * operator's own, often on a private network, so that its requests do not go through packages/outbound.
 */
export interface S3Bucket {
  /** Replaces what is there. */
  put(
    sha256: string,
    object: { readonly sizeBytes: number; open(): AsyncIterable<Uint8Array> },
  ): Promise<void>;
  has(sha256: string): Promise<boolean>;
  /** @throws ARTIFACT_NOT_FOUND */
  get(sha256: string): AsyncIterable<Buffer>;
  /** Of one that is not there, too. */
  delete(sha256: string): Promise<void>;
}

/** A request without progress for this long fails. */
const SILENCE_MS = 30_000;
const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 200;
const NO_BODY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

interface BucketRequest {
  readonly method: 'PUT' | 'HEAD' | 'GET' | 'DELETE';
  readonly sha256: string;
  readonly body?: { readonly sizeBytes: number; open(): AsyncIterable<Uint8Array> };
}

interface Answer {
  readonly response: Response;
  /** Starts the time without progress again. */
  readonly progress: () => void;
  readonly end: () => void;
}

/** @param address `s3://KEY:SECRET@bucket/prefix?region=…&endpoint=…`, as the setting was checked */
export function createS3Bucket(address: string): S3Bucket {
  const { username, password, host, pathname, searchParams } = new URL(address);
  const region = searchParams.get('region') ?? 'us-east-1';
  const endpoint = searchParams.get('endpoint') ?? `https://s3.${region}.amazonaws.com`;
  const prefix = pathname.split('/').filter((part) => part !== '');
  const place = `${endpoint.replace(/\/$/, '')}/${[host, ...prefix].join('/')}`;
  // Only processes with such an address load it.
  const signing = import('aws4fetch').then(
    ({ AwsClient }) =>
      new AwsClient({
        accessKeyId: decodeURIComponent(username),
        secretAccessKey: decodeURIComponent(password),
        service: 's3',
        region,
      }),
  );
  signing.catch(() => {});

  async function attempt({ method, sha256, body }: BucketRequest): Promise<Answer> {
    const signed = await (
      await signing
    ).sign(`${place}/${sha256}`, {
      method,
      headers: { 'x-amz-content-sha256': body === undefined ? NO_BODY : sha256 },
    });
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new Error(`no byte for ${SILENCE_MS} ms`)), SILENCE_MS);
    const progress = (): void => void timer.refresh();
    const headers = Object.fromEntries(signed.headers);
    try {
      const response = await fetch(signed.url, {
        method,
        redirect: 'error',
        signal: silence.signal,
        ...(body === undefined
          ? { headers }
          : {
              headers: { ...headers, 'content-length': String(body.sizeBytes) },
              body: ReadableStream.from(reporting(body.open(), progress)),
              duplex: 'half',
            }),
      });
      return { response, progress, end: () => clearTimeout(timer) };
    } catch (error) {
      clearTimeout(timer);
      throw error;
    }
  }

  /** Tries again after failures that may pass. The caller ends the answer. */
  async function send(request: BucketRequest): Promise<Answer> {
    for (let tried = 1; ; tried++) {
      try {
        const answer = await attempt(request);
        const { status } = answer.response;
        if (status < 500 && status !== 429) return answer;
        if (tried >= ATTEMPTS) return answer;
        answer.end();
        await answer.response.body?.cancel();
      } catch (error) {
        const own = ownError(error);
        if (own !== null) throw own;
        if (tried >= ATTEMPTS) throw unreachable(endpoint, error);
      }
      await delay(FIRST_PAUSE_MS * 2 ** (tried - 1));
    }
  }

  /** Reads the answer as text. @throws ARTIFACT_STORE_UNAVAILABLE unless the status is one of these */
  async function expectStatus(request: BucketRequest, statuses: readonly number[]): Promise<number> {
    const { response, end } = await send(request);
    try {
      const text = await response.text();
      if (!statuses.includes(response.status) || text.includes('NoSuchBucket'))
        throw refused({ endpoint, bucket: host, status: response.status, text });
      return response.status;
    } catch (error) {
      throw isLarderError(error) ? error : unreachable(endpoint, error);
    } finally {
      end();
    }
  }

  return {
    async put(sha256, body) {
      await expectStatus({ method: 'PUT', sha256, body }, [200]);
    },
    async has(sha256) {
      return (await expectStatus({ method: 'HEAD', sha256 }, [200, 404])) === 200;
    },
    async *get(sha256) {
      const { response, progress, end } = await send({ method: 'GET', sha256 });
      try {
        if (response.status !== 200 || response.body === null) {
          const text = await response.text();
          if (response.status === 404 && !text.includes('NoSuchBucket'))
            throw new LarderError('ARTIFACT_NOT_FOUND', `The bucket ${host} has no object ${sha256}.`);
          throw refused({ endpoint, bucket: host, status: response.status, text });
        }
        for await (const bytes of response.body) {
          progress();
          yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        }
      } catch (error) {
        throw isLarderError(error) ? error : unreachable(endpoint, error);
      } finally {
        end();
      }
    },
    async delete(sha256) {
      await expectStatus({ method: 'DELETE', sha256 }, [200, 204, 404]);
    },
  };
}

async function* reporting(
  parts: AsyncIterable<Uint8Array>,
  progress: () => void,
): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    progress();
    yield part;
  }
}

/** `fetch` wraps the error that a body threw. */
function ownError(error: unknown): LarderError | null {
  for (let each = error; each instanceof Error; each = each.cause) if (isLarderError(each)) return each;
  return null;
}

function unreachable(endpoint: string, error: unknown): LarderError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LarderError(
    'ARTIFACT_STORE_UNAVAILABLE',
    `The artifact store ${endpoint} does not answer: ${reason}. Check that it runs, and check LARDER_ARTIFACTS_URL.`,
    { cause: error },
  );
}

interface Refusal {
  readonly endpoint: string;
  readonly bucket: string;
  readonly status: number;
  readonly text: string;
}

function refused({ endpoint, bucket, status, text }: Refusal): LarderError {
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? 'no code';
  return new LarderError(
    'ARTIFACT_STORE_UNAVAILABLE',
    `The artifact store ${endpoint} refuses a request to bucket ${bucket} (${status}, ${code}). Check the bucket, its region, the key and what the key may do in LARDER_ARTIFACTS_URL.`,
  );
}
