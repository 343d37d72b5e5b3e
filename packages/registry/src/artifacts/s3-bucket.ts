import { setTimeout as delay } from 'node:timers/promises';
import { isLarderError, LarderError, type ErrorCode } from '@larder/core';

/**
 * Objects of an S3-compatible store: five requests of its REST API, signed with Signature Version 4. The address is the
 * operator's own, often on a private network, so that its requests do not go through packages/outbound.
 */
export interface S3Bucket {
  /** Replaces what is there. */
  put(name: string, object: BucketObject): Promise<void>;
  has(name: string): Promise<boolean>;
  /** @throws ARTIFACT_NOT_FOUND */
  get(name: string): AsyncIterable<Buffer>;
  /** Of one that is not there, too. */
  delete(name: string): Promise<void>;
  /** Names that begin like this, without it; a page of 1,000 at a time. */
  list(start: string): AsyncIterable<string>;
}

export interface BucketObject {
  readonly sha256: string;
  readonly sizeBytes: number;
  open(): AsyncIterable<Uint8Array>;
}

/** What a bucket is for, as its errors say. */
export interface BucketUse {
  readonly code: ErrorCode;
  readonly store: string;
  readonly setting: string;
  /** A request without progress for this long fails. */
  readonly silenceMs: number;
}

const ARTIFACTS: BucketUse = {
  code: 'ARTIFACT_STORE_UNAVAILABLE',
  store: 'The artifact store',
  setting: 'LARDER_ARTIFACTS_URL',
  silenceMs: 30_000,
};

const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 200;
const NO_BODY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

interface BucketRequest {
  readonly method: 'PUT' | 'HEAD' | 'GET' | 'DELETE';
  /** Null: the bucket itself. */
  readonly name: string | null;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: BucketObject;
}

interface Answer {
  readonly response: Response;
  /** Starts the time without progress again. */
  readonly progress: () => void;
  readonly end: () => void;
}

/** @param address `s3://KEY:SECRET@bucket/prefix?region=…&endpoint=…`, as the setting was checked */
export function createS3Bucket(address: string, use: BucketUse = ARTIFACTS): S3Bucket {
  const { username, password, host, pathname, searchParams } = new URL(address);
  const region = searchParams.get('region') ?? 'us-east-1';
  const endpoint = searchParams.get('endpoint') ?? `https://s3.${region}.amazonaws.com`;
  const prefix = pathname.split('/').filter((part) => part !== '');
  const bucket = `${endpoint.replace(/\/$/, '')}/${host}`;
  const urlOf = (name: string | null): string =>
    name === null ? bucket : [bucket, ...prefix, name].join('/');
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

  async function attempt({ method, name, query, body }: BucketRequest): Promise<Answer> {
    const signed = await (
      await signing
    ).sign(`${urlOf(name)}${query === undefined ? '' : `?${new URLSearchParams(query).toString()}`}`, {
      method,
      headers: { 'x-amz-content-sha256': body?.sha256 ?? NO_BODY },
    });
    const silence = new AbortController();
    const timer = setTimeout(
      () => silence.abort(new Error(`no byte for ${use.silenceMs} ms`)),
      use.silenceMs,
    );
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
        if (tried >= ATTEMPTS) throw unreachable(error);
      }
      await delay(FIRST_PAUSE_MS * 2 ** (tried - 1));
    }
  }

  /** Reads the answer as text. @throws the code of the use unless the status is one of these */
  async function answerOf(
    request: BucketRequest,
    statuses: readonly number[],
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { response, end } = await send(request);
    try {
      const text = await response.text();
      const lacksBucket = response.status === 404 && text.includes('NoSuchBucket');
      if (!statuses.includes(response.status) || lacksBucket) throw refused(response.status, text);
      return { status: response.status, text };
    } catch (error) {
      throw isLarderError(error) ? error : unreachable(error);
    } finally {
      end();
    }
  }

  function unreachable(error: unknown): LarderError {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new LarderError(
      use.code,
      `${use.store} ${endpoint} does not answer: ${reason}. Check that it runs, and check ${use.setting}.`,
      { cause: error },
    );
  }

  function refused(status: number, text: string): LarderError {
    const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? 'no code';
    return new LarderError(
      use.code,
      `${use.store} ${endpoint} refuses a request to bucket ${host} (${status}, ${code}). Check the bucket, its region, the key and what the key may do in ${use.setting}.`,
    );
  }

  return {
    async put(name, body) {
      await answerOf({ method: 'PUT', name, body }, [200]);
    },
    async has(name) {
      return (await answerOf({ method: 'HEAD', name }, [200, 404])).status === 200;
    },
    async *get(name) {
      const { response, progress, end } = await send({ method: 'GET', name });
      try {
        if (response.status !== 200 || response.body === null) {
          const text = await response.text();
          if (response.status === 404 && !text.includes('NoSuchBucket'))
            throw new LarderError('ARTIFACT_NOT_FOUND', `The bucket ${host} has no object ${name}.`);
          throw refused(response.status, text);
        }
        for await (const bytes of response.body) {
          progress();
          yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        }
      } catch (error) {
        throw isLarderError(error) ? error : unreachable(error);
      } finally {
        end();
      }
    },
    async delete(name) {
      await answerOf({ method: 'DELETE', name }, [200, 204, 404]);
    },
    async *list(start) {
      const before = [...prefix, start].join('/');
      // The first version of the request: every store has it, and goes on by names alone.
      for (let marker: string | null = ''; marker !== null;) {
        const query = { prefix: before, marker };
        const { status, text } = await answerOf({ method: 'GET', name: null, query }, [200]);
        // Something else that answers must not pass for an empty bucket.
        if (!text.includes('<ListBucketResult')) throw refused(status, text);
        marker = null;
        const truncated = text.includes('<IsTruncated>true<');
        for (const [, escaped = ''] of text.matchAll(/<Key>([^<]*)<\/Key>/g)) {
          const key = unescaped(escaped);
          yield key.slice(before.length);
          if (truncated) marker = key;
        }
      }
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

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(xml: string): string {
  return xml.replace(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}
