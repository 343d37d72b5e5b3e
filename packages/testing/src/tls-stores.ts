import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { openStateFolder, startEmbeddedPostgres } from '@larder/infra';
import { Redis } from 'ioredis';
import pg from 'pg';
import { inject } from 'vitest';
import { startTestRedis } from './fixtures.ts';
import { createTestAuthority, type Certificate, type TestAuthority } from './test-authority.ts';

/** What the server shows to new connections. `plain`: it does not speak TLS. */
export type Shown = 'right' | 'other-authority' | 'other-name' | 'expired' | 'plain';

/** A store that speaks TLS on a port, with certificates that a test can change while it runs. */
export interface TlsStore {
  readonly port: number;
  readonly caFile: string;
  /** Of a second authority. */
  readonly otherCaFile: string;
  /** Shows another certificate from now on, and ends every connection. */
  show(what: Exclude<Shown, 'plain'>): Promise<void>;
  stop(): Promise<void>;
}

type Certificates = Readonly<Record<Exclude<Shown, 'plain'>, Certificate>>;

const HERE = 'DNS:localhost,IP:127.0.0.1';

function makeCertificates(): {
  folder: string;
  authority: TestAuthority;
  other: TestAuthority;
  certificates: Certificates;
} {
  const folder = mkdtempSync(join(tmpdir(), 'larder-tls-'));
  chmodSync(folder, 0o711);
  const authority = createTestAuthority(join(folder, 'own'));
  const other = createTestAuthority(join(folder, 'other'));
  const certificates = {
    right: authority.issue(HERE),
    'other-authority': other.issue(HERE),
    'other-name': authority.issue('DNS:elsewhere.example'),
    expired: authority.issue(HERE, -1),
  };
  return { folder, authority, other, certificates };
}

/** A Redis with TLS on `port`, and its Unix socket as ever. */
export async function startTlsRedis(): Promise<TlsStore & { readonly socketUrl: string }> {
  const { folder, authority, other, certificates } = makeCertificates();
  const port = await freePort();
  const files = ({ certificateFile, keyFile }: Certificate) => ({
    'tls-cert-file': certificateFile,
    'tls-key-file': keyFile,
  });
  const redis = await startTestRedis({
    bind: '127.0.0.1',
    'tls-port': String(port),
    'tls-auth-clients': 'no',
    'tls-ca-cert-file': authority.caFile,
    ...files(certificates.right),
  });
  const admin = new Redis({
    path: decodeURIComponent(new URL(redis.url).pathname),
    username: 'admin',
    password: 'admin',
  });
  return {
    port,
    socketUrl: redis.url,
    caFile: authority.caFile,
    otherCaFile: other.caFile,
    async show(what) {
      await admin.call('CONFIG', 'SET', ...Object.entries(files(certificates[what])).flat());
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    },
    async stop() {
      admin.disconnect();
      await redis.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A PostgreSQL of its own with TLS on `port`; the database is `postgres`, the user too. */
export async function startTlsPostgres(): Promise<
  Omit<TlsStore, 'show'> & { readonly socketUrl: string; show(what: Shown): Promise<void> }
> {
  const { folder, authority, other, certificates } = makeCertificates();
  const port = await freePort();
  const run = inject('testFolder');
  const state = openStateFolder(resolve(run, '../..'), `${basename(run)}/${randomBytes(4).toString('hex')}`);
  const postgres = await startEmbeddedPostgres(state, {
    durable: false,
    settings: { listen_addresses: '127.0.0.1', port: String(port), shared_buffers: '16MB' },
  });
  const socketUrl = postgres.url('postgres');
  const { uid, gid } = statSync(
    new URL(socketUrl.replace('@/', '@localhost/')).searchParams.get('host') ?? '',
  );
  for (const { keyFile } of Object.values(certificates)) chownSync(keyFile, uid, gid);
  const admin = new pg.Client({ connectionString: socketUrl });
  await admin.connect();
  const show = async (what: Shown): Promise<void> => {
    const shown = what === 'plain' ? null : certificates[what];
    if (shown !== null) {
      await admin.query(`alter system set ssl_cert_file = ${pg.escapeLiteral(shown.certificateFile)}`);
      await admin.query(`alter system set ssl_key_file = ${pg.escapeLiteral(shown.keyFile)}`);
    }
    const ssl = shown === null ? 'off' : 'on';
    await admin.query(`alter system set ssl = ${ssl}`);
    const { rows } = await admin.query<{ at: string }>('select pg_conf_load_time()::text as at');
    await admin.query('select pg_reload_conf()');
    for (let reloaded = false; !reloaded;) {
      const { rows: now } = await admin.query<{ at: string; ssl: string }>(
        "select pg_conf_load_time()::text as at, current_setting('ssl') as ssl",
      );
      reloaded = now[0]?.at !== rows[0]?.at && now[0]?.ssl === ssl;
    }
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where client_port > 0');
  };
  await show('right');
  return {
    port,
    socketUrl,
    caFile: authority.caFile,
    otherCaFile: other.caFile,
    show,
    async stop() {
      await admin.end();
      await postgres.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
