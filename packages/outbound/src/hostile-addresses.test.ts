import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOutbound, type Outbound, type OutboundOptions } from './create-outbound.ts';
import { OutboundError } from './outbound-error.ts';
import { isPublicAddress } from './public-address.ts';

const OPTIONS = { accept: '*/*', timeoutMs: 5_000, maxBytes: 1_000, signal: new AbortController().signal };
const ANY = ['*'];

/** What DNS answers for every name. */
const answering =
  (...addresses: string[]): LookupFunction =>
  (_, __, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

async function outcome(address: string, options: Partial<OutboundOptions> = {}): Promise<string> {
  const outbound = createOutbound({ allowedHosts: ANY, ...options });
  try {
    return await outcomeOf(outbound, address);
  } finally {
    outbound.close();
  }
}

async function outcomeOf(outbound: Outbound, address: string): Promise<string> {
  try {
    await outbound.fetchBytes(address, OPTIONS);
    return 'fetched';
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    // A sentence to which the caller adds what to do.
    return /^\S.{10,}[^.]$/.test(error.message) ? error.reason : `${error.reason}: ${error.message}`;
  }
}

describe('an address that is written as a number', () => {
  test.each([
    ['loopback', 'http://127.0.0.1/a.jpg'],
    ['loopback, elsewhere in its network', 'http://127.8.9.10/'],
    ['loopback, https', 'https://127.0.0.1/'],
    ['decimal', 'http://2130706433/'],
    ['hexadecimal', 'http://0x7f000001/'],
    ['hexadecimal by parts', 'http://0x7f.0x0.0x0.0x1/'],
    ['octal', 'http://017700000001/'],
    ['octal by parts', 'http://0177.0.0.01/'],
    ['short', 'http://127.1/'],
    ['shorter', 'http://0/'],
    ['with a dot at its end', 'http://127.0.0.1./'],
    ['full-width digits', 'http://１２７．０．０．１/'],
    ['circled digits', 'http://①②⑦.⓪.⓪.①/'],
    ['percent-encoded', 'http://%31%32%37.0.0.1/'],
    ['ideographic full stops', 'http://127。0。0。1/'],
    ['with a tab in it', 'http://127.0.\t0.1/'],
    ['behind backslashes', 'http:\\\\127.0.0.1\\a.jpg'],
    ['without slashes', 'http:127.0.0.1/a.jpg'],
    ['this network', 'http://0.0.0.0/'],
    ['private, 10', 'http://10.0.0.1/'],
    ['private, 172.16', 'http://172.31.255.255/'],
    ['private, 192.168', 'http://192.168.1.1/'],
    ['link-local: metadata of clouds', 'http://169.254.169.254/latest/meta-data/'],
    ['link-local, decimal', 'http://2852039166/'],
    ['metadata of containers', 'http://169.254.170.2/'],
    ['the host of Azure', 'http://168.63.129.16/'],
    ['metadata of Alibaba, in a carrier-grade NAT', 'http://100.100.100.200/'],
    ['carrier-grade NAT', 'http://100.64.0.1/'],
    ['multicast', 'http://224.0.0.1/'],
    ['broadcast', 'http://255.255.255.255/'],
    ['reserved', 'http://240.0.0.1/'],
    ['documentation', 'http://203.0.113.7/'],
    ['benchmarking', 'http://198.18.0.1/'],
    ['IPv6 loopback', 'http://[::1]/'],
    ['IPv6 loopback in full', 'http://[0:0:0:0:0:0:0:1]/'],
    ['IPv6 unspecified', 'http://[::]/'],
    ['IPv4-mapped', 'http://[::ffff:127.0.0.1]/'],
    ['IPv4-mapped, hexadecimal', 'http://[::ffff:7f00:1]/'],
    ['IPv4-compatible', 'http://[::127.0.0.1]/'],
    ['IPv4-translated', 'http://[::ffff:0:7f00:1]/'],
    ['NAT64', 'http://[64:ff9b::a9fe:a9fe]/'],
    ['NAT64 of a local network', 'http://[64:ff9b:1::a9fe:a9fe]/'],
    ['6to4', 'http://[2002:7f00:1::]/'],
    ['Teredo', 'http://[2001:0:7f00:1::1]/'],
    ['IPv6 unique local', 'http://[fd00:ec2::254]/'],
    ['IPv6 link-local', 'http://[fe80::1]/'],
    ['IPv6 site-local', 'http://[fec0::1]/'],
    ['IPv6 multicast', 'http://[ff02::1]/'],
    ['IPv6 documentation', 'http://[2001:db8::1]/'],
    ['IPv6 documentation, the newer one', 'http://[3fff::1]/'],
    ['IPv6 discard', 'http://[100::1]/'],
    ['IPv6 that nobody was given', 'http://[4000::1]/'],
  ])('%s: %s', async (_, address) => {
    expect(await outcome(address)).toBe('address_private');
  });
});

test.each([
  ['file', 'file:///etc/passwd'],
  ['data', 'data:image/png;base64,iVBORw0KGgo='],
  ['ftp', 'ftp://cdn.example.com/a.jpg'],
  ['gopher', 'gopher://cdn.example.com/_x'],
  ['blob', 'blob:http://cdn.example.com/1'],
  ['view-source', 'view-source:http://cdn.example.com/'],
  ['javascript', 'javascript:alert(1)'],
  ['a user', 'http://cdn.example.com@127.0.0.1/'],
  ['a user and a password', 'http://a:b@cdn.example.com/'],
  ['a password alone', 'http://:b@cdn.example.com/'],
  ['a zone', 'http://[fe80::1%25eth0]/'],
  ['a number too large', 'http://256.0.0.1/'],
  ['a number with too many parts', 'http://1.2.3.4.5/'],
  ['a port too large', 'http://cdn.example.com:65536/'],
  ['a line break in the host', 'http://cdn.example.com%0d%0aHost:evil/'],
  ['a zero byte', 'http://cdn.example.com%00.evil.example/'],
  ['nothing', 'http://'],
  ['no scheme', '//cdn.example.com/a.jpg'],
])('no address at all, %s: %s', async (_, address) => {
  expect(await outcome(address)).toBe('url_invalid');
});

describe('a name of a host', () => {
  test.each([
    ['a name below it', ['cdn.example.com'], 'http://a.cdn.example.com/'],
    ['a name above it', ['cdn.example.com'], 'http://example.com/'],
    ['a name that ends like it', ['cdn.example.com'], 'http://evilcdn.example.com/'],
    ['a name that begins like it', ['cdn.example.com'], 'http://cdn.example.com.evil.example/'],
    ['a dot at its end', ['cdn.example.com'], 'http://cdn.example.com./'],
    ['a homograph', ['cdn.example.com'], 'http://cdn.exаmple.com/'],
    ['another port', ['cdn.example.com:8443'], 'https://cdn.example.com/'],
    ['another port of the scheme', ['cdn.example.com:80'], 'https://cdn.example.com/'],
    ['the host in the path', ['cdn.example.com'], 'http://evil.example/cdn.example.com'],
    ['the host behind a backslash', ['cdn.example.com'], 'http://evil.example\\@cdn.example.com/'],
    ['the host in the fragment', ['cdn.example.com'], 'http://evil.example#@cdn.example.com/'],
    ['*. and the name itself', ['*.example.com'], 'http://example.com/'],
    ['*. and a name that ends like it', ['*.example.com'], 'http://evilexample.com/'],
    ['* and another port', ANY, 'http://cdn.example.com:6379/'],
  ])('must be the allowed one: %s', async (_, allowedHosts, address) => {
    expect(await outcome(address, { allowedHosts })).toBe('host_not_allowed');
  });

  test.each([
    ['loopback', ['127.0.0.1']],
    ['metadata', ['169.254.169.254']],
    ['IPv6 loopback', ['::1']],
    ['IPv4-mapped', ['::ffff:10.0.0.1']],
    ['a link-local address with a zone', ['fe80::1%eth0']],
    ['a private address behind public ones', ['93.184.215.14', '2606:2800::1', '10.0.0.1']],
    ['no address', ['not an address']],
  ])('may not lead to %s', async (_, addresses) => {
    expect(await outcome('http://cdn.example.com/', { lookup: answering(...addresses) })).toBe(
      'address_private',
    );
  });

  test.each(['http://localhost/', 'http://LOCALHOST/', 'http://ⓛocalhost/'])('%s is private', async (url) => {
    expect(await outcome(url, { lookup: answering('127.0.0.1') })).toBe('address_private');
  });

  test('that does not exist', async () => {
    const lookup: LookupFunction = (_, __, callback) =>
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    expect(await outcome('http://cdn.example.com/', { lookup })).toBe('unreachable');
    expect(await outcome('http://cdn.example.com/', { lookup: answering() })).toBe('unreachable');
  });
});

describe('a private address that the project names', () => {
  let server: Server;
  let port: number;

  beforeAll(async () => {
    server = createServer((request, response) => response.end(request.headers.host)).listen(0, '0.0.0.0');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test.each(['127.0.0.1', '127.0.0.1:PORT'])('is allowed as %s', async (entry) => {
    const allowedHosts = [entry.replace('PORT', String(port))];
    expect(await outcome(`http://127.0.0.1:${port}/`, { allowedHosts })).toBe('fetched');
    expect(await outcome(`http://127.0.0.2:${port}/`, { allowedHosts })).toBe('host_not_allowed');
  });

  test('is allowed under a name that is allowed too, which the host sees', async () => {
    const allowedHosts = ['pictures.internal', '127.0.0.1'];
    const outbound = createOutbound({ allowedHosts, lookup: answering('127.0.0.1') });
    expect((await outbound.fetchBytes(`http://pictures.internal:${port}/`, OPTIONS)).toString()).toBe(
      `pictures.internal:${port}`,
    );
    outbound.close();
    const elsewhere = { allowedHosts: ['pictures.internal', '127.0.0.1:1'], lookup: answering('127.0.0.1') };
    expect(await outcome(`http://pictures.internal:${port}/`, elsewhere)).toBe('address_private');
  });

  test("is allowed as 'localhost'", async () => {
    expect(await outcome(`http://localhost:${port}/`, { allowedHosts: ['localhost'] })).toBe('fetched');
    const lookup = answering('10.0.0.1');
    expect(await outcome(`http://localhost:${port}/`, { allowedHosts: ['localhost'], lookup })).toBe(
      'address_private',
    );
  });

  test('a name that resolves elsewhere after the check is looked up once per connection, and each answer is checked', async () => {
    const answers = ['127.0.0.1', '127.0.0.2'];
    const lookup: LookupFunction = (_, __, callback) =>
      callback(null, [{ address: answers.shift() ?? '127.0.0.2', family: 4 }]);
    const allowedHosts = ['rebound.example', '127.0.0.1'];
    const outbound = createOutbound({ allowedHosts, lookup });
    const get = (): Promise<string> => outcomeOf(outbound, `http://rebound.example:${port}/`);
    expect([await get(), answers.length]).toEqual(['fetched', 1]);
    expect([await get(), answers.length], 'over the checked connection').toEqual(['fetched', 1]);
    server.closeAllConnections();
    await expect.poll(get).toBe('address_private');
    outbound.close();
  });

  test('a connection is not lent to a project that does not allow its address', async () => {
    const lookup = answering('127.0.0.1');
    const address = `http://lent.example:${port}/`;
    const lender = createOutbound({ allowedHosts: ['lent.example', '127.0.0.1'], lookup });
    expect(await outcomeOf(lender, address)).toBe('fetched');
    expect(await outcome(address, { allowedHosts: ['lent.example'], lookup })).toBe('address_private');
    lender.close();
  });
});

test.each(['8.8.8.8', '93.184.215.14', '192.88.98.1', '2606:4700::1111', '2a00:1450:4001::1'])(
  '%s is public',
  (address) => expect(isPublicAddress(address)).toBe(true),
);
