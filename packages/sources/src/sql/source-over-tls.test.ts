import { startTlsPostgres } from '@larder/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSqlConnection } from './sql-connection.ts';
import { sqlError } from './sql-error.ts';

let server: Awaited<ReturnType<typeof startTlsPostgres>>;
beforeAll(async () => {
  server = await startTlsPostgres();
});
afterAll(() => server.stop());

test('a source is read with verify-full and its own CA, and refused without', async () => {
  const connection = createSqlConnection({ name: 'ads', url: address(server.caFile) });
  const encrypted = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';
  expect((await connection.query(encrypted, [])).rows).toEqual([{ ssl: true }]);
  for (const [shown, problem] of [
    ['other-name', /for another host/],
    ['other-authority', /sslrootcert=/],
    ['expired', /expired/],
    ['plain', /does not speak TLS/],
  ] as const) {
    await server.show(shown);
    const refused = await refusal(() => connection.query('select 1', []));
    expect(refused).toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: expect.stringMatching(problem),
    });
    expect(refused.message).toContain('LARDER_CONNECTION_ADS_URL');
    expect(refused.message).not.toMatch(/pa55word|localhost/);
  }
  await connection.close();
});

test('a file of a CA that is gone is named', async () => {
  const connection = createSqlConnection({ name: 'ads', url: address('/nowhere/ca.pem') });
  expect(await refusal(() => connection.query('select 1', []))).toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
    message: expect.stringContaining('/nowhere/ca.pem'),
  });
  await connection.close();
});

const address = (caFile: string) =>
  `postgresql://postgres:pa55word@localhost:${server.port}/postgres?sslmode=verify-full&sslrootcert=${encodeURIComponent(caFile)}`;

/** The first try after a server ended its sessions may get one of those. */
async function refusal(ask: () => Promise<unknown>): Promise<Error> {
  for (;;) {
    const error = await ask().then(
      () => new Error('it was answered'),
      (reason: unknown) => sqlError('ads', reason),
    );
    if (!/terminat|answered/i.test(error.message)) return error;
  }
}
