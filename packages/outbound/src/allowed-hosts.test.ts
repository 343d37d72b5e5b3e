import { describe, expect, test } from 'vitest';
import { compileAllowedHosts } from './allowed-hosts.ts';

const allowsHost = (entry: string, address: string) =>
  compileAllowedHosts([entry]).allowsHost(new URL(address));
const allowsAddress = (entry: string, address: string, ip: string) =>
  compileAllowedHosts([entry]).allowsAddress(new URL(address), ip);

describe('a host', () => {
  test.each([
    ['cdn.example.com', 'http://cdn.example.com/'],
    ['cdn.example.com', 'https://cdn.example.com/'],
    ['cdn.example.com', 'https://cdn.example.com:8443/'],
    ['CDN.Example.com', 'http://cdn.example.COM/'],
    ['bücher.example', 'http://bücher.example/'],
    ['cdn.example.com:8443', 'https://cdn.example.com:8443/'],
    ['cdn.example.com:8443', 'http://cdn.example.com:8443/'],
    ['cdn.example.com:443', 'https://cdn.example.com/'],
    ['cdn.example.com:80', 'http://cdn.example.com/'],
    ['*.example.com', 'http://a.example.com/'],
    ['*.example.com', 'https://a.b.example.com:8443/'],
    ['*.example.com:8443', 'https://a.example.com:8443/'],
    ['*.Example.com', 'http://a.example.COM/'],
    ['*.bücher.example', 'http://a.bücher.example/'],
    ['*', 'http://cdn.example.com/'],
    ['*', 'https://8.8.8.8/'],
    ['[fd00::5]', 'http://[fd00::5]:9000/'],
    ['[fd00::5]:9000', 'http://[fd00::5]:9000/'],
    ['[fd00:0::5]', 'http://[fd00::5]/'],
    ['10.0.0.5:9000', 'http://10.0.0.5:9000/'],
  ])('%s allows %s', (entry, address) => {
    expect(allowsHost(entry, address)).toBe(true);
  });

  test.each([
    ['cdn.example.com', 'http://example.com/'],
    ['cdn.example.com', 'http://a.cdn.example.com/'],
    ['cdn.example.com:8443', 'https://cdn.example.com/'],
    ['cdn.example.com:443', 'http://cdn.example.com/'],
    ['cdn.example.com:80', 'https://cdn.example.com/'],
    ['cdn.example.com:80', 'http://cdn.example.com:8080/'],
    ['*.example.com', 'http://example.com/'],
    ['*.example.com', 'http://evilexample.com/'],
    ['*.example.com', 'http://a.example.com.evil.example/'],
    ['*.example.com:8443', 'https://a.example.com/'],
    // not a name: `*.` is about names below another one
    ['*.0.0.5', 'http://10.0.0.5/'],
    ['*', 'http://cdn.example.com:8080/'],
    ['[fd00::5]:9000', 'http://[fd00::5]/'],
    ['[fd00::5]', 'http://[fd00::6]/'],
    ['no host', 'http://cdn.example.com/'],
  ])('%s does not allow %s', (entry, address) => {
    expect(allowsHost(entry, address)).toBe(false);
  });

  test('is allowed by any entry, and by none where there is none', () => {
    const hosts = compileAllowedHosts(['a.example', 'b.example:8080']);
    expect(hosts.allowsHost(new URL('http://b.example:8080/'))).toBe(true);
    expect(hosts.allowsHost(new URL('http://a.example:8080/'))).toBe(true);
    expect(compileAllowedHosts([]).allowsHost(new URL('http://a.example/'))).toBe(false);
  });
});

describe('an address that a name resolves to', () => {
  test.each([
    ['*', 'http://a.example/', '8.8.8.8'],
    ['a.example', 'http://a.example/', '2606:4700::1111'],
    ['10.0.0.5', 'http://a.example/', '10.0.0.5'],
    ['10.0.0.5:9000', 'http://a.example:9000/', '10.0.0.5'],
    ['10.0.0.5:80', 'http://a.example/', '10.0.0.5'],
    ['[fd00::5]', 'https://a.example/', 'fd00:0:0::5'],
    ['localhost', 'http://localhost/', '127.0.0.1'],
    ['localhost:9000', 'http://localhost:9000/', '::1'],
  ])('%s lets %s lead to %s', (entry, address, ip) => {
    expect(allowsAddress(entry, address, ip)).toBe(true);
  });

  test.each([
    ['*', 'http://a.example/', '10.0.0.5'],
    ['*', 'http://a.example/', 'fd00::5'],
    ['a.example', 'http://a.example/', '127.0.0.1'],
    ['*.0.0.5', 'http://a.example/', '10.0.0.5'],
    ['10.0.0.5', 'http://a.example/', '10.0.0.6'],
    ['10.0.0.5:9000', 'http://a.example/', '10.0.0.5'],
    ['[fd00::5]', 'http://a.example/', 'fd00::6'],
    ['*', 'http://localhost/', '127.0.0.1'],
    ['localhost', 'http://a.example/', '127.0.0.1'],
    ['localhost', 'http://localhost/', '10.0.0.5'],
    ['localhost', 'http://localhost/', '169.254.169.254'],
    ['localhost:9000', 'http://localhost/', '127.0.0.1'],
    ['not an address', 'http://a.example/', 'not an address'],
  ])('%s does not let %s lead to %s', (entry, address, ip) => {
    expect(allowsAddress(entry, address, ip)).toBe(false);
  });
});
