import { z } from 'zod';
import { parseDurationMs } from '../duration.ts';
import type { LogLevel } from '../logger.ts';
import { apiKeyProblem, serviceAddressProblem } from '../service-address.ts';
import {
  postgresAddressProblem,
  receiptsAddressProblem,
  redisAddressProblem,
  s3AddressProblem,
} from '../store-address.ts';
import { webhookSecretProblem, webhookUrlProblem } from './webhook-address.ts';
import { wholeNumberProblem } from '../whole-number.ts';

/** One `LARDER_…` variable, and its line in `docs/reference/configuration.md`. */
export interface Setting<Schema extends z.ZodType<unknown, string> = z.ZodType<unknown, string>> {
  /** Parses the text from the environment; its messages follow the setting's name. */
  readonly schema: Schema;
  /** Null: optional, and `without` says what then applies. Absent: required by services. */
  readonly default?: z.output<Schema> | null;
  /** The default as the reference states it. @default the value */
  readonly without?: string;
  readonly readBy: string;
  /** It may hold a password: a file can give it, named by `…_FILE`. */
  readonly secret?: true;
  readonly description: string;
}

const define = <Schema extends z.ZodType<unknown, string>, Rest extends Omit<Setting<Schema>, 'schema'>>(
  schema: Schema,
  rest: Rest,
): { readonly schema: Schema } & Rest => ({ schema, ...rest });

/** Refused with a message that does not repeat the value. */
const checked = (problemOf: (text: string) => string | null) =>
  z.string().refine((text) => problemOf(text) === null, {
    error: ({ input }) => problemOf(String(input)) ?? undefined,
  });

const text = z.string().min(1);
const postgresUrl = checked(postgresAddressProblem);
const redisUrl = checked(redisAddressProblem);
const s3Url = checked(s3AddressProblem);
const wholeNumber = (from: number, to?: number) =>
  checked((digits) => wholeNumberProblem(digits, from, to)).transform(Number);
/** 0 means any free port. */
const port = wholeNumber(0, 65_535);
const logLevel = z.enum(['silent', 'error', 'warn', 'info', 'debug'] as const satisfies readonly LogLevel[]);
/** `'7d'`, or `'forever'`. */
const retention = checked(retentionProblem).transform((span) =>
  span === 'forever' ? ('forever' as const) : parseDurationMs(span),
);
/** `metrics`, `docs`, or both. */
const publicRoutes = z
  .string()
  .transform((list) => list.split(',').map((entry) => entry.trim()))
  .pipe(
    z.array(z.enum(['metrics', 'docs'], { error: 'must list metrics, docs or both, separated by commas' })),
  );
/** `'15m'`, `'4h'`. */
const duration = checked(durationProblem).transform((span) => parseDurationMs(span));
/** Names and addresses without scheme and port, separated by commas. */
const hostList = z
  .string()
  .transform((list) => list.split(',').map((entry) => entry.trim()))
  .pipe(
    z.array(
      z.string().regex(/^(?:\*|(?:\*\.)?[\w.-]+|\[[\da-f:.]+\])$/i, {
        message:
          'must list hosts such as larder.example.com, *.example.com, 10.1.2.3, [fd00::5] or *, separated by commas, without scheme and port',
      }),
    ),
  );

const DAY_MS = 86_400_000;
/** A hundred years: PostgreSQL's calendar begins in 4713 BC, and time before that fails every statement. */
const MAX_RETENTION_MS = 36_500 * DAY_MS;

function durationProblem(span: string): string | null {
  try {
    return parseDurationMs(span) <= MAX_RETENTION_MS ? null : "must be at most '36500d'";
  } catch {
    return "must be a duration such as '15m', '4h' or '2d'";
  }
}

function retentionProblem(span: string): string | null {
  if (span === 'forever') return null;
  try {
    const spanMs = parseDurationMs(span);
    if (spanMs > MAX_RETENTION_MS) return "must be at most '36500d', or 'forever'";
    return spanMs >= DAY_MS ? null : "must be at least '1d'";
  } catch {
    return "must be a duration such as '90d' or '52w', or 'forever'";
  }
}

export const CONNECTION_SETTING = 'LARDER_CONNECTION_<NAME>_URL';

/** Every setting of every process, defined once; all processes accept all of them, and each checks the ones it reads. */
export const SETTINGS = {
  LARDER_PROJECT: define(text, {
    default: './larder.config.ts',
    readBy: 'all',
    description: "Path of the project's `larder.config.ts`. Flag `--project`.",
  }),
  LARDER_DATABASE_URL: define(postgresUrl, {
    without: '`larder up`: embedded',
    secret: true,
    readBy: 'all',
    description:
      'PostgreSQL 16 or newer (the tests run on 18), `postgresql://…`: history, registry, runs, prediction log. [TLS](../guides/security.md#tls-to-the-stores): `?sslmode=verify-full&sslrootcert=/path/ca.pem`. Flag `--database-url`.',
  }),
  LARDER_OWNER_DATABASE_URL: define(postgresUrl, {
    default: null,
    without: '`LARDER_DATABASE_URL`',
    secret: true,
    readBy: 'cli',
    description:
      'The same database under the login that owns the control tables: `larder migrate`, and `larder apply` for its migrations. The login of `LARDER_DATABASE_URL` then [cannot rewrite the audit](../guides/security.md#two-logins).',
  }),
  LARDER_REDIS_URL: define(redisUrl, {
    without: '`larder up`: embedded',
    secret: true,
    readBy: 'all',
    description:
      'Redis or Valkey 7 or newer for the online store: `redis://`, `rediss://` ([TLS](../guides/security.md#tls-to-the-stores), with `?sslrootcert=/path/ca.pem` for a CA of your own), `unix:///path/redis.sock`. Needs `maxmemory-policy noeviction`. Flag `--redis-url`.',
  }),
  LARDER_URL: define(checked(serviceAddressProblem), {
    default: null,
    without: 'none: verbs work on the stores',
    readBy: 'cli',
    description:
      'Address of a service, `https://larder.example.com`: [verbs that operate](../guides/operate-from-anywhere.md) ask it instead of PostgreSQL and Redis. Flag `--url`.',
  }),
  LARDER_API_KEY: define(checked(apiKeyProblem), {
    default: null,
    without: 'none',
    secret: true,
    readBy: 'cli',
    description:
      'The API key that `larder` sends to `LARDER_URL`. There is no flag for it: shells keep what is typed, and other users see it in the list of processes.',
  }),
  LARDER_ALLOW_HTTP: define(z.enum(['off', 'on']), {
    default: 'off',
    readBy: 'cli',
    description:
      'Whether `larder` may send the API key to a `LARDER_URL` that begins with `http://` and is not this machine: for a network that you trust, such as that of a cluster.',
  }),
  LARDER_WEBHOOK_URL: define(checked(webhookUrlProblem), {
    default: null,
    without: 'none: nobody is told',
    secret: true,
    readBy: 'inference, worker',
    description:
      'Where [notices of incidents](../guides/who-is-on-call.md#the-webhook) go: a run that is late, held or failed, a stale view, and that it is over.',
  }),
  LARDER_WEBHOOK_SECRET: define(checked(webhookSecretProblem), {
    default: null,
    without: 'none',
    secret: true,
    readBy: 'inference, worker',
    description:
      'Signs the notices: `whsec_` and at least 24 bytes in base64. Needed with `LARDER_WEBHOOK_URL`.',
  }),
  LARDER_WEBHOOK_PRIVATE_ADDRESSES: define(z.enum(['refused', 'allowed']), {
    default: 'refused',
    readBy: 'inference, worker',
    description: 'Whether the receiver of notices may be in a private network, or on this machine.',
  }),
  LARDER_QUEUE_REDIS_URL: define(redisUrl, {
    default: null,
    without: '`LARDER_REDIS_URL`',
    secret: true,
    readBy: 'worker, cli',
    description: 'Redis of the queue, if it is not the Redis of the online store.',
  }),
  LARDER_ARTIFACTS_URL: define(s3Url, {
    default: null,
    without: 'PostgreSQL',
    secret: true,
    readBy: 'all',
    description:
      "Where `larder apply` puts models, encoders and bundles: `s3://KEY:SECRET@bucket/prefix?region=eu-central-1`, with `&endpoint=https://…` for stores other than Amazon's. [More](artifact.md#where-artifacts-are-kept).",
  }),
  LARDER_RECEIPTS_URL: define(checked(receiptsAddressProblem), {
    default: null,
    without: 'none: only PostgreSQL and Redis know who was erased',
    secret: true,
    readBy: 'inference, cli',
    description:
      'Where a [receipt of every erasure](../guides/back-up-and-restore.md#erasures) is kept apart from PostgreSQL: the absolute path of a folder that all processes share, or `s3://…` as above. `larder restore --authoritative` reads it. One for each environment.',
  }),
  LARDER_CACHE_FOLDER: define(text, {
    default: null,
    without: '`.larder/cache` beside `larder.config.ts`',
    readBy: 'all',
    description:
      'Folder for local copies of artifacts; every process of a machine may share it. Copies that are not used for 30 days are deleted.',
  }),
  LARDER_ARCHIVE_DIR: define(text, {
    default: null,
    without: '`.larder/archive` beside `larder.config.ts`',
    readBy: 'cli',
    description:
      'Folder of the [archive](archive.md): history as Parquet files, which `larder archive` writes and training sets are built from. Flag `--dir`.',
  }),
  LARDER_MODEL_VERSIONS_KEPT: define(wholeNumber(1, 10_000), {
    default: 10,
    readBy: 'worker',
    description:
      'How many of the newest versions of a model keep their artifacts, beside those that an alias or one of the last three champions needs.',
  }),
  LARDER_HOST: define(text, {
    default: '127.0.0.1',
    readBy: 'inference, worker, cli',
    description:
      'Address to listen on; `0.0.0.0` in a container; requests by name then need `LARDER_ALLOWED_HOSTS`.',
  }),
  LARDER_PORT: define(port, {
    default: 6_570,
    readBy: 'inference, cli',
    description:
      'Port of predictions and of every other route; 0: any free port. Without it, and in `larder up` always, the next free one if it is in use.',
  }),
  LARDER_ALLOWED_HOSTS: define(hostList, {
    default: [] as string[],
    without: 'none',
    readBy: 'inference, worker',
    description:
      "Hosts that requests may name, beside this machine's own: `larder.example.com`, `*.example.com` (its subdomains), `10.1.2.3`, `[fd00::5]`, separated by commas, without scheme and port; `*` for every host. [Hosts and pages](http.md#hosts-and-pages) says more.",
  }),
  LARDER_AUTH: define(z.enum(['off', 'keys', 'insecure']), {
    default: 'off',
    readBy: 'inference, worker, cli',
    description:
      '`keys`: callers need an [API key](../concepts/api-key.md). `off`: nobody does; allowed on a loopback address alone. `insecure`: nobody does, on any address. Flag `--insecure`. [Lock the door](../guides/lock-the-door.md).',
  }),
  LARDER_PUBLIC_ROUTES: define(publicRoutes, {
    default: [] as ('metrics' | 'docs')[],
    without: 'none',
    readBy: 'inference, worker',
    description:
      'Routes that need no key although the others do: `metrics` (`/metrics`), `docs` (`/docs`, `/openapi.json`), or both, separated by a comma.',
  }),
  LARDER_AUTH_OFFLINE: define(duration, {
    default: 4 * 3_600_000,
    without: '`4h`',
    readBy: 'inference, worker',
    description:
      'How long the API keys known last stay in force while PostgreSQL does not answer: `15m`, `4h`, `2d`. After that, requests with a key get `DATABASE_UNAVAILABLE`.',
  }),
  LARDER_MAX_CONNECTIONS: define(wholeNumber(16, 100_000), {
    default: 2_048,
    readBy: 'inference',
    description: 'Maximum number of open connections, and of requests in flight on all of them.',
  }),
  LARDER_DRAIN_SECONDS: define(wholeNumber(0, 300), {
    default: null,
    without: '`0` on a loopback address, else `5`',
    readBy: 'inference',
    description:
      'How long the service goes on accepting requests after SIGTERM, with `/health/ready` at 503, so that a load balancer stops sending them before the port is closed.',
  }),
  LARDER_BUFFER_BYTES: define(wholeNumber(16 * 2 ** 20), {
    default: 64 * 2 ** 20,
    without: '`67108864` (64 MiB)',
    readBy: 'inference',
    description:
      'Total size of request bodies above 16 KiB and, separately, of answers above 16 KiB that callers have not read yet; at least 16 MiB.',
  }),
  LARDER_TRAINING_SETS_DIR: define(text, {
    default: null,
    without: '`.larder/training-sets` beside `larder.config.ts`',
    readBy: 'inference',
    description:
      'Folder for training sets that are built over HTTP and for uploaded rows. Services that share it serve the sets of each other.',
  }),
  LARDER_TRAINING_SETS_UPLOAD_BYTES: define(wholeNumber(1_024), {
    default: 256 * 2 ** 20,
    without: '`268435456` (256 MiB)',
    readBy: 'inference',
    description:
      'Maximum size of the rows that `POST /v1/training-sets` takes. They go to disk, not into memory.',
  }),
  LARDER_TRAINING_SETS_QUEUE: define(wholeNumber(1, 1_000), {
    default: 8,
    readBy: 'inference',
    description: 'Maximum number of training sets that wait to be built; a service builds one at a time.',
  }),
  LARDER_TRAINING_SETS_MEMORY_MB: define(wholeNumber(384, 1_048_576), {
    default: 1_024,
    readBy: 'inference',
    description:
      'Memory that the process which builds a training set, or makes a comparison, may take; beyond it, that fails.',
  }),
  LARDER_TRAINING_SETS_DISK_MB: define(wholeNumber(16, 1_073_741_824), {
    default: 16_384,
    readBy: 'inference',
    description:
      'Disk space that the process which builds a training set may take, about three times the size of the set, or the one that makes a comparison; beyond it, that fails.',
  }),
  LARDER_TRAINING_SETS_ROWS: define(wholeNumber(1), {
    default: 50_000_000,
    readBy: 'inference',
    description:
      'Maximum number of rows in a file that `POST /v1/training-sets` takes; a small Parquet file may hold billions.',
  }),
  LARDER_TRAINING_SETS_KEPT: define(retention, {
    default: 7 * DAY_MS,
    without: '`7d`',
    readBy: 'inference',
    description:
      'How long the files of training sets that were built over HTTP are kept: `7d`, `4w`, `forever`.',
  }),
  LARDER_TRAINING_SETS_SQL: define(z.enum(['off', 'on']), {
    default: 'off',
    readBy: 'inference',
    description:
      '`on`: `POST /v1/training-sets` takes queries on the connections of the project. Whoever may call the route can then read everything that the login of the connection can read.',
  }),
  LARDER_EXPLICIT_VERSIONS: define(wholeNumber(1, 1_000), {
    default: 4,
    readBy: 'inference',
    description:
      'How many model versions may be in memory, beside those of aliases, because callers name their numbers in `options.version`. [More](http.md#versions-and-aliases).',
  }),
  LARDER_LOG_LEVEL: define(logLevel, {
    default: 'info',
    readBy: 'inference, worker',
    description: '`silent`, `error`, `warn`, `info` or `debug`; logs are JSON lines on stdout.',
  }),
  LARDER_PREDICTION_LOG: define(z.enum(['buffered', 'durable']), {
    default: 'buffered',
    readBy: 'inference',
    description:
      '`buffered`: predictions are logged within 200 ms after their answers, and a service that is killed loses the last ones; `durable`: before their answers. [What each costs](http.md#the-prediction-log).',
  }),
  LARDER_PREDICTION_LOG_RECORDS: define(wholeNumber(1, 10_000_000), {
    default: 10_000,
    readBy: 'inference',
    description:
      'How many predictions wait for PostgreSQL while it is unavailable or slow; more are answered but dropped from the log, counted in `larder_prediction_log_dropped_total` (`durable`: refused).',
  }),
  LARDER_PREDICTION_LOG_BYTES: define(wholeNumber(1), {
    default: 64 * 2 ** 20,
    readBy: 'inference',
    description:
      'The same limit in bytes of the rows that are written. Until the turn of the event loop after its answer, a prediction counts with the size of its JSON.',
  }),
  LARDER_PREDICTION_LOG_RETENTION: define(retention, {
    default: 90 * DAY_MS,
    without: '`90d`',
    readBy: 'inference, worker, cli',
    description:
      'How long logged predictions are kept: `90d`, `52w`, `forever`. Whole months are dropped once their last day is older. `apply` refuses a view that keeps less history.',
  }),
  LARDER_LABEL_RETENTION: define(retention, {
    default: 'forever',
    without: '`forever`',
    readBy: 'worker',
    description:
      'How long labels are kept, by the time of their event; one that corrects another stays as long as that. A training set over logged predictions that read deleted labels cannot be built again.',
  }),
  LARDER_AUDIT_RETENTION: define(retention, {
    default: 'forever',
    without: '`forever`',
    readBy: 'worker, cli',
    description:
      'How long the [audit](audit.md) is kept. Whole months are dropped: by a worker whose login owns the audit, otherwise by `larder migrate`.',
  }),
  LARDER_CHANGES_RETENTION: define(retention, {
    default: 7 * DAY_MS,
    without: '`7d`',
    readBy: 'worker',
    description:
      'How long the feed of changes is kept; a consumer that was offline for longer gets `FEED_EXPIRED` and rebuilds. Whole days are dropped.',
  }),
  LARDER_RUN_RETENTION: define(retention, {
    default: 30 * DAY_MS,
    without: '`30d`',
    readBy: 'worker',
    description:
      'How long runs are kept after their end, with their chunks, failures and idempotency keys; the rows they wrote stay.',
  }),
  LARDER_PUSH_RETENTION: define(retention, {
    default: DAY_MS,
    without: '`1d`',
    readBy: 'worker',
    description:
      'The same for pushes, of which there may be many a second; a repeated `Idempotency-Key` is recognized for as long.',
  }),
  LARDER_VALUE_MEMORY_BYTES: define(wholeNumber(0), {
    default: 2 ** 30,
    readBy: 'worker',
    description:
      'About how many bytes of PostgreSQL workers may use per project to remember what they computed from pictures; values used longest ago are deleted first, by any worker. 0: nothing is remembered, and what was is deleted.',
  }),
  LARDER_WORKER_SLOTS: define(wholeNumber(1, 256), {
    default: null,
    without: 'available cores',
    readBy: 'worker',
    description: 'Number of compute threads; each takes one chunk at a time.',
  }),
  LARDER_WORKER_METRICS_PORT: define(port, {
    default: null,
    without: 'none',
    readBy: 'worker',
    description:
      'Where the worker serves `/metrics`, `/health/live` and `/health/ready` (200 once it takes chunks); 0: any free port. `larder up` and `larder worker` set it.',
  }),
  /** One per source connection of the project; the schema is for a single address. */
  [CONNECTION_SETTING]: define(postgresUrl, {
    default: null,
    without: 'none',
    secret: true,
    readBy: 'worker, cli',
    description:
      'PostgreSQL behind the source connection `<name>` of the project (`LARDER_CONNECTION_ADS_URL` for `ads`); never part of the manifest.',
  }),
} satisfies Readonly<Record<`LARDER_${string}`, Setting>>;

export type SettingName = keyof typeof SETTINGS;
