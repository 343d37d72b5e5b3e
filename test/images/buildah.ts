import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Certificates by which this machine trusts its registry. */
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

export interface Build {
  readonly containerfile: string;
  readonly context: string;
  readonly args?: Readonly<Record<string, string>>;
  /** npm inside reaches the registry as npm does here. @default false */
  readonly installs?: boolean;
}

/** Builds, lists and unpacks images in a store of its own. */
export interface Buildah {
  /** @returns the digest of the image's manifest */
  build(name: string, options: Build): Promise<string>;
  /** What the image declares. */
  configOf(name: string): Promise<ImageConfig>;
  /** Writes what a registry would get. @returns the size of its compressed layers */
  push(name: string): Promise<number>;
  /** The image's files, in a folder that lasts until `close`. */
  mount(name: string): Promise<string>;
  close(): void;
}

export interface ImageConfig {
  readonly User: string;
  readonly WorkingDir: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly ExposedPorts: Readonly<Record<string, object>>;
}

/** @param folder everything is below it, and is deleted by `close` */
export function createBuildah(program: string, folder: string): Buildah {
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const policy = join(folder, 'policy.json');
  writeFileSync(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
  const registries = join(folder, 'registries.conf');
  writeFileSync(registries, 'unqualified-search-registries = []\n');
  const npmrc = join(folder, 'npmrc');
  const env = {
    ...process.env,
    CONTAINERS_REGISTRIES_CONF: registries,
    TMPDIR: temporary,
    BUILDAH_ISOLATION: 'chroot',
  };
  // vfs needs nothing of the kernel; it copies the whole tree for each layer, which is why `close` deletes the store
  const store = [
    '--root',
    join(folder, 'store'),
    '--runroot',
    join(folder, 'run'),
    '--storage-driver',
    'vfs',
  ];
  const buildah = async (...args: readonly string[]): Promise<string> => {
    const [command = '', ...rest] = args;
    const { stdout } = await run(program, [...store, command, ...rest], { env, maxBuffer: 2 ** 26 });
    return stdout.trim();
  };
  return {
    async build(name, { containerfile, context, args = {}, installs = false }) {
      writeFileSync(npmrc, `${npmSettings()}prefer-offline=true\n`);
      await buildah(
        'bud',
        `--signature-policy=${policy}`,
        '--format=oci',
        '--no-cache',
        '--timestamp=0',
        '--quiet',
        `--file=${containerfile}`,
        `--tag=${name}`,
        ...Object.entries(args).map(([key, value]) => `--build-arg=${key}=${value}`),
        ...(installs
          ? [
              `--secret=id=npmrc,src=${npmrc}`,
              `--volume=${CERTIFICATES}:${CERTIFICATES}:ro`,
              `--volume=${join(homedir(), '.npm')}:/root/.npm:rw`,
            ]
          : []),
        context,
      );
      // one line for each name that the image has
      const [digest = ''] = (await buildah('images', '--format', '{{.Digest}}', name)).split('\n');
      return digest;
    },
    async configOf(name) {
      const inspected = await buildah('inspect', '--type', 'image', name);
      return (JSON.parse(inspected) as { OCIv1: { config: ImageConfig } }).OCIv1.config;
    },
    async push(name) {
      const target = join(folder, 'pushed');
      await buildah('push', '--signature-policy', policy, '--quiet', name, `oci-archive:${target}.tar`);
      mkdirSync(target);
      await run('tar', ['xf', `${target}.tar`, '-C', target]);
      const blob = (digest: string) => join(target, 'blobs', digest.replace(':', '/'));
      const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
      const index = read(join(target, 'index.json')) as { manifests: { digest: string }[] };
      const manifest = read(blob(index.manifests[0]?.digest ?? '')) as { layers: { size: number }[] };
      rmSync(target, { recursive: true });
      rmSync(`${target}.tar`);
      return manifest.layers.reduce((sum, { size }) => sum + size, 0);
    },
    async mount(name) {
      const container = await buildah('from', '--signature-policy', policy, name);
      return buildah('mount', container);
    },
    close() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The user's settings of npm, as `docker build --secret id=npmrc,src=$HOME/.npmrc` passes them on. */
function npmSettings(): string {
  try {
    return `${readFileSync(join(homedir(), '.npmrc'), 'utf8')}\n`;
  } catch {
    return '';
  }
}
