import type { ApiKeyAnswer, NewApiKeyAnswer } from '@larder/contracts';
import { parseDurationMs } from '@larder/core';
import { z } from 'zod';
import type { Output } from '../output/output.ts';
import { oneLine } from '../output/printable.ts';
import { table } from '../output/table.ts';
import { DONE } from '../problem.ts';
import { defineVerb, wrongUsage } from '../verb.ts';

const ACTIONS = ['create', 'list', 'rotate', 'revoke'] as const;

const duration = z
  .string()
  .refine((text) => msOf(text) !== null, "must be a duration such as '90d' or '36h'")
  .transform((text) => msOf(text) ?? 0);
const lifetime = z.union([z.literal('forever'), duration], {
  error: "must be a duration such as '90d', or 'forever'",
});
const overlapOption = z.union([z.literal('none').transform(() => 0), duration], {
  error: "must be a duration such as '36h', or 'none'",
});

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<action>', 'create, list, rotate or revoke')
      .argument('[which]', 'create: a name for the key; rotate and revoke: its id')
      .option('--role <role>', 'create: caller, engineer, operator, admin or scraper')
      .option('--scope <scopes...>', 'create: scopes beside those of the role, such as predict:ad_ctr')
      .option('--rate <rate>', 'create: requests over all services together, such as 500/s, 60/m or 100/h')
      .option('--environment <name>', 'create: the second part of the key [live]')
      .option(
        '--expires <duration>',
        "create and rotate: when the key expires, such as 90d, or 'forever' [365d]",
      )
      .option(
        '--overlap <duration>',
        "rotate: how long the old key still works, such as 24h, or 'none' [24h]",
      )
      .option('--all', 'list: also keys that are revoked or have expired')
      .addHelpText(
        'after',
        `
Who may call the services of this project, where LARDER_AUTH=keys asks callers for a key. With the
address of the database you may create any key, also the first; by way of a service (LARDER_URL) only
keys whose scopes your own key has. A key is shown once: only its hash is stored. A revoked key is
refused everywhere within two seconds.

Examples:
  larder api-keys create ada --role admin
  larder api-keys create shop-backend --scope predict:ad_ctr push:ad_stats --rate 500/s --expires 90d
  larder api-keys rotate k3Fq9ZtA0b --overlap 36h
  larder api-keys revoke k3Fq9ZtA0b`,
      );
  },
  input: z.object({
    action: z.enum(ACTIONS, { error: `must be ${ACTIONS.join(', ')}` }),
    which: z.string().optional(),
    role: z.string().optional(),
    scope: z.array(z.string()).default([]),
    rate: z
      .string()
      .regex(/^[1-9]\d{0,7}\/[smh]$/, 'must be a rate such as 500/s, 60/m or 100/h')
      .optional(),
    environment: z.string().optional(),
    expires: lifetime.optional(),
    overlap: overlapOption.optional(),
    all: z.boolean().default(false),
  }),
  async run(session, { action, which, role, scope, rate, environment, expires, overlap, all }) {
    const { out } = session;
    const keys = await (await session.control()).apiKeys();
    if (action === 'list') {
      const listed = await keys.list(all);
      out.answer({ api_keys: listed }, () => printKeys(listed, out));
      return DONE;
    }
    if (which === undefined)
      throw wrongUsage('api-keys', [
        {
          pointer: 'WHICH',
          detail: action === 'create' ? 'is missing: name the key' : 'is missing: give the id of the key',
        },
      ]);
    const lifetimeMs = expires === undefined ? {} : { lifetime_ms: expires };
    if (action === 'create') {
      const made = await keys.create({
        name: which,
        scopes: scope,
        ...(role !== undefined && { role }),
        ...(rate !== undefined && { rate }),
        ...(environment !== undefined && { environment }),
        ...lifetimeMs,
      });
      out.answer(made, () => printNewKey(made, out));
      return DONE;
    }
    if (action === 'rotate') {
      const made = await keys.rotate(which, {
        ...(overlap !== undefined && { overlap_ms: overlap }),
        ...lifetimeMs,
      });
      out.answer(made, () => printNewKey(made, out));
      return DONE;
    }
    const revoked = await keys.revoke(which);
    out.answer(revoked, () => out.line(`${revoked.id} ${oneLine(revoked.name)} is revoked.`));
    return DONE;
  },
});

function printNewKey({ key, id, expires_at, secrets }: NewApiKeyAnswer, out: Output): void {
  out.line(key);
  out.note(`This is the only time that the key is shown. Its id is ${id}.`);
  out.note(expires_at === null ? 'It never expires.' : `It expires at ${expires_at}.`);
  const [, old] = secrets;
  if (old?.expires_at) out.note(`The old one works until ${old.expires_at}.`);
}

function printKeys(keys: readonly ApiKeyAnswer[], out: Output): void {
  if (keys.length === 0) {
    out.note('There are no keys. Create one: larder api-keys create NAME --role admin');
    return;
  }
  const titles = ['id', 'name', 'may', 'rate', 'status', 'expires', 'last used'];
  const rows = keys.map((key) => [
    key.id,
    oneLine(key.name),
    [...(key.role === null ? [] : [key.role]), ...key.scopes].join(', '),
    key.rate ?? '-',
    key.secrets.length > 1 ? `${key.status}, being rotated` : key.status,
    key.expires_at?.slice(0, 10) ?? 'never',
    key.last_used_at?.slice(0, 16) ?? 'never',
  ]);
  for (const line of table(
    titles.map((title) => ({ title })),
    rows,
  ))
    out.line(line);
}

function msOf(text: string): number | null {
  try {
    return parseDurationMs(text);
  } catch {
    return null;
  }
}
