import { accessSync, constants } from 'node:fs';
import { isAbsolute } from 'node:path';

// Problems of a store's address. The messages never repeat any of it: it may hold a password.

const ESCAPES =
  'escape special characters in the user name and the password (@ as %40, : as %3A, / as %2F, % as %25), and use a port from 1 to 65535';

/** Problem of a PostgreSQL address as node-postgres understands it; null when it is valid. */
export function postgresAddressProblem(text: string): string | null {
  if (!/^postgres(ql)?:\/\//.test(text)) return 'must be a URL that starts with postgresql://';
  if (/\s/.test(text)) return 'must not contain spaces: write %20';
  if (/^[^/]*\/\/$/.test(text)) return 'must name a host or a database after postgresql://';
  // PostgreSQL's `postgresql://user@/name?host=/socket/folder` has no host, which `URL` refuses
  const url = parse(text) ?? parse(text.replace('@/', '@localhost/'));
  if (url === null || !decodable(text)) return `is not a valid URL: ${ESCAPES}`;
  // node-postgres would ignore an empty mode and connect in plain text
  if (url.searchParams.getAll('sslmode').some((mode) => !SSL_MODES.has(mode)))
    return 'has an unknown sslmode: write sslmode=verify-full for TLS, or sslmode=disable';
  return caProblem(url);
}

/** Those of node-postgres. `prefer` and `require` verify like `verify-full` there. */
const SSL_MODES = new Set(['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']);

/** `redis://`, `rediss://` or `unix:///path/to/redis.sock?db=0`; null when it is valid. */
export function redisAddressProblem(text: string): string | null {
  if (!/^(rediss?|unix):\/\//.test(text))
    return 'must be a URL that starts with redis://, rediss:// or unix:///';
  const url = parse(text);
  if (url === null || !decodable(text)) return `is not a valid URL: ${ESCAPES}`;
  if (url.protocol === 'unix:') {
    if (url.host !== '' || url.pathname.length < 2)
      return 'must hold the absolute path of a socket: unix:///path/to/redis.sock';
    return /^\d*$/.test(url.searchParams.get('db') ?? '')
      ? null
      : 'must name its database as a number: ?db=0';
  }
  if (url.hostname === '') return `must name a host: ${url.protocol}//host:6379`;
  if (!/^(\/\d*)?$/.test(url.pathname)) return 'must name its database as a number: redis://host:6379/0';
  if (url.protocol === 'redis:' && url.searchParams.has('sslrootcert'))
    return 'must start with rediss:// to use TLS: sslrootcert has no meaning for redis://';
  return caProblem(url);
}

/** Whoever starts without the CA would only learn later that no connection can be verified. */
function caProblem({ searchParams }: URL): string | null {
  const path = searchParams.get('sslrootcert');
  if (path === null) return null;
  try {
    accessSync(path, constants.R_OK);
    return null;
  } catch {
    return 'must name a file that this process can read in sslrootcert: the CA that issued the certificate of the server, as PEM';
  }
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const S3_OPTIONS = new Set(['endpoint', 'region']);

/** `s3://KEY:SECRET@bucket/prefix?region=eu-central-1&endpoint=https://…`; null when it is valid. */
export function s3AddressProblem(text: string): string | null {
  if (!text.startsWith('s3://')) return 'must be a URL that starts with s3://';
  const url = parse(text);
  if (url === null || !decodable(text)) return `is not a valid URL: ${ESCAPES}`;
  if (url.username === '' || url.password === '') return 'must hold an access key: s3://KEY:SECRET@bucket';
  if (!BUCKET.test(url.host)) return 'must name a bucket: s3://KEY:SECRET@bucket/prefix';
  for (const option of url.searchParams.keys())
    if (!S3_OPTIONS.has(option)) return `has the unknown option '${option}'; known are endpoint and region`;
  const endpoint = url.searchParams.get('endpoint');
  if (endpoint === null || /^https?:\/\/[^/?#@]+\/?$/.test(endpoint)) return null;
  return 'must name its endpoint as scheme, host and port: ?endpoint=https://storage.example.com:9000';
}

/** Where receipts of erasures are kept: `s3://…`, or the absolute path of a folder; null when it is valid. */
export function receiptsAddressProblem(text: string): string | null {
  if (text.startsWith('s3://')) return s3AddressProblem(text);
  return isAbsolute(text)
    ? null
    : 'must be the absolute path of a folder, or a URL that starts with s3://: processes with other working folders write there, too';
}

function parse(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

function decodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
