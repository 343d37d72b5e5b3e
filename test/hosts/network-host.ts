import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { startSocketForwarder } from '@larder/testing';

/** A machine of its own as far as the network is concerned. */
export interface NetworkHost {
  /** Its address, as others reach it. */
  readonly address: string;
  /** What its processes are started with. */
  readonly within: readonly string[];
  /** The stores, as it reaches them. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Takes its network away; its processes go on. */
  disconnect(): void;
  reconnect(): void;
  close(): Promise<void>;
}

/** Stores that listen on unix sockets. */
export interface SocketStores {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

interface Network extends Pick<NetworkHost, 'address' | 'within'> {
  /** Of the machine with the stores, on the link to this host. */
  readonly gateway: string;
  readonly link: { set(state: 'up' | 'down'): void; remove(): void } | null;
}

const IP = '/usr/sbin/ip';

/**
 * Why this machine has no network namespaces; null: it has. Without them hosts share the loopback address, and a lost
 * network is one that passes no bytes to the stores.
 */
export function namespacesMissing(): string | null {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `larder-probe-${process.pid}`;
  const added = spawnSync(IP, ['netns', 'add', name], { encoding: 'utf8' });
  if (added.status !== 0) return `ip netns add failed: ${added.error?.message ?? added.stderr.trim()}`;
  spawnSync(IP, ['netns', 'delete', name]);
  return null;
}

/** Opens a host that reaches the stores by TCP. */
export async function openHost(
  name: string,
  { stores, namespaces }: { readonly stores: SocketStores; readonly namespaces: boolean },
): Promise<NetworkHost> {
  const network = namespaces ? addNamespace(name) : LOOPBACK;
  const database = new URL(stores.databaseUrl.replace('@/', '@localhost/'));
  const port = database.searchParams.get('port') ?? '5432';
  const [postgresql, redis] = await Promise.all([
    startSocketForwarder(`${database.searchParams.get('host')}/.s.PGSQL.${port}`, network.gateway),
    startSocketForwarder(decodeURIComponent(new URL(stores.redisUrl).pathname), network.gateway),
  ]);
  const forwarders = [postgresql, redis];
  const { address, within, gateway, link } = network;
  return {
    address,
    within,
    databaseUrl: `postgresql://${database.username || 'larder'}@${gateway}:${postgresql.port}${database.pathname}`,
    redisUrl: `redis://${gateway}:${redis.port}`,
    disconnect() {
      if (link === null) for (const forwarder of forwarders) forwarder.silence();
      else link.set('down');
    },
    reconnect() {
      if (link === null) for (const forwarder of forwarders) void forwarder.restore();
      else link.set('up');
    },
    async close() {
      await Promise.all(forwarders.map((forwarder) => forwarder.cut()));
      link?.remove();
    },
  };
}

const LOOPBACK: Network = { address: '127.0.0.1', gateway: '127.0.0.1', within: [], link: null };

/** A namespace with an address of its own, and a link to this one. */
function addNamespace(name: string): Network {
  const namespace = `larder-${process.pid}-${name}`;
  // Names of links have at most 15 characters.
  const [near, far] = [`ld${process.pid}${name}0`, `ld${process.pid}${name}1`];
  const [second, third] = [randomInt(64, 128), randomInt(256)];
  // Shared address space (RFC 6598): in use neither at home nor on the internet.
  const [gateway, address] = [`100.${second}.${third}.1`, `100.${second}.${third}.2`];
  run('netns', 'add', namespace);
  run('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', namespace);
  run('address', 'add', `${gateway}/30`, 'dev', near);
  run('link', 'set', near, 'up');
  run('-netns', namespace, 'address', 'add', `${address}/30`, 'dev', far);
  run('-netns', namespace, 'link', 'set', far, 'up');
  run('-netns', namespace, 'link', 'set', 'lo', 'up');
  return {
    address,
    gateway,
    within: [IP, 'netns', 'exec', namespace],
    link: {
      set: (state) => run('link', 'set', near, state),
      remove: () => run('netns', 'delete', namespace),
    },
  };
}

function run(...args: string[]): void {
  const { status, stderr, error } = spawnSync(IP, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')} failed: ${error?.message ?? stderr}`);
}
