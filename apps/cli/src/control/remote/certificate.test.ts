import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { runCli, type CliResult } from '../../../fixtures/run-cli.ts';

/** Each test starts the command line. */
const LOADED = { timeout: 60_000 };

interface Certificate {
  readonly certPath: string;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** A certificate that signs itself, for one host. */
function certificateFor(host: string): Certificate {
  const folder = mkdtempSync(join(inject('testFolder'), 'certificate-'));
  const [certPath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync(
    'openssl',
    [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' '),
      '-keyout',
      keyPath,
      '-out',
      certPath,
      '-subj',
      `/CN=${host}`,
      '-addext',
      `subjectAltName=DNS:${host}`,
    ],
    { stdio: 'ignore' },
  );
  return { certPath, cert: readFileSync(certPath), key: readFileSync(keyPath) };
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const noRuns: RequestListener = (_request, response) =>
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ runs: [], cursor: null }));

/** In a process of its own: Node reads NODE_EXTRA_CA_CERTS when it starts. */
const runs = (port: number, env: Record<string, string> = {}): Promise<CliResult> =>
  runCli(['runs'], {
    cwd: inject('testFolder'),
    env: { LARDER_PROJECT: 'nowhere/larder.config.ts', LARDER_URL: `https://localhost:${port}`, ...env },
  });

test('a certificate that this machine does not trust is refused, and can be trusted', LOADED, async () => {
  const { certPath, cert, key } = certificateFor('localhost');
  let asked = 0;
  const port = await portOf(
    createHttpsServer({ cert, key }, (request, response) => {
      asked += 1;
      noRuns(request, response);
    }),
  );
  const refused = await runs(port, { LARDER_API_KEY: 'lrd_secret' });
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(
    /SERVICE_UNREACHABLE.*\n.*it signed its certificate itself.*NODE_EXTRA_CA_CERTS=/,
  );
  expect(refused.stderr).not.toContain('lrd_secret');
  expect(asked).toBe(0);
  expect(await runs(port, { NODE_EXTRA_CA_CERTS: certPath })).toMatchObject({ code: 0 });
  expect(asked).toBe(1);
});

test('a certificate for another host is refused by its name, though it is trusted', LOADED, async () => {
  const { certPath, cert, key } = certificateFor('other.example');
  const port = await portOf(createHttpsServer({ cert, key }, noRuns));
  const refused = await runs(port, { NODE_EXTRA_CA_CERTS: certPath });
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/its certificate is for another host \(other\.example\)/);
  expect(refused.stderr).toContain('LARDER_URL');
  expect(refused.stderr).not.toContain('NODE_EXTRA_CA_CERTS');
});

test('a service without TLS at an https address is told', LOADED, async () => {
  const port = await portOf(createHttpServer(noRuns));
  expect((await runs(port)).stderr).toContain('it does not speak TLS');
});
