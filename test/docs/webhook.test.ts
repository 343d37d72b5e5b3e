import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { createLogger } from '@larder/core';
import { createOfflineStore } from '@larder/offline-store';
import { startIncidents } from '@larder/operations';
import { appliedManifest } from '@larder/registry';
import { test } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { copyShop, larder } from '../../apps/cli/fixtures/run-cli.ts';
import { isFromLarder } from './snippets/webhook-receiver.ts';

const logger = createLogger('test', { level: 'silent' });
const guide = readFileSync(resolve(import.meta.dirname, '../../docs/guides/who-is-on-call.md'), 'utf8');
const [, example = ''] = /^```json\n([^]*?)^```$/m.exec(guide) ?? [];
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

interface Message {
  readonly type: string;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The members of a value, with the type of each. */
function shapeOf(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shapeOf(each)]));
}

test('the receiver of the guide takes what the webhook sends, in the form that the guide shows', async ({
  database,
}) => {
  const env = { LARDER_PROJECT: join(copyShop(), 'larder.config.ts'), LARDER_DATABASE_URL: database.url };
  expect(await larder(['apply', '--yes'], env)).toMatchObject({ code: 0 });
  const store = createOfflineStore({ databaseUrl: database.url, logger });
  onTestFinished(() => store.close());
  const { manifest: applied = null } = (await appliedManifest(store, 'shop')) ?? {};
  const view = applied?.feature_views['ad_stats@1'];
  if (applied === null || view === undefined) throw new Error('Nothing is applied.');
  // Nothing has landed, so the view is stale at once.
  const stale = { ...view, freshness_objective_ms: 1 };
  const manifest = { ...applied, feature_views: { 'ad_stats@1': stale } };

  const received: { headers: Record<string, string>; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      const headers = request.headers as Record<string, string>;
      if (!isFromLarder(headers, body, SECRET)) return response.writeHead(401).end();
      received.push({ headers, body });
      return response.writeHead(204).end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const incidents = startIncidents({
    store,
    applied: () => manifest,
    webhook: {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/larder`,
      secret: SECRET,
      privateAddresses: true,
    },
    logger,
    intervalMs: 50,
  });
  onTestFinished(() => incidents.stop());
  await expect.poll(() => received.length, { timeout: 60_000 }).toBeGreaterThan(0);

  const [{ headers, body } = { headers: {}, body: '' }] = received;
  const message = JSON.parse(body) as Message;
  const shown = JSON.parse(example) as Message;
  expect(shapeOf(message)).toEqual(shapeOf(shown));
  expect(message).toMatchObject({
    type: shown.type,
    data: { subject: shown.data['subject'], kind: 'view_stale' },
  });
  const { project, subject, detail, next } = shown.data as Record<string, string>;
  expect(shown.text).toBe(`${project}: ${subject}: view stale: ${detail}. Next: ${next}`);

  for (const [given, text, secret] of [
    [headers, `${body} `, SECRET],
    [headers, body, `whsec_${randomBytes(32).toString('base64')}`],
    [{ ...headers, 'webhook-id': 'another' }, body, SECRET],
    [{ ...headers, 'webhook-timestamp': String(Math.floor(Date.now() / 1_000) - 400) }, body, SECRET],
    [{ 'webhook-timestamp': headers['webhook-timestamp'] ?? '' }, body, SECRET],
  ] as const)
    expect(isFromLarder(given, text, secret)).toBe(false);
});
