import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOwnedProcess, type OwnedProcess } from '@larder/infra';
import type { ImageConfig } from './buildah.ts';

export interface Containers {
  /** Runs the image's entry point, or another program, to its end. */
  run(args: readonly string[], options?: ContainerOptions): Promise<Ended>;
  /** Starts the image's entry point. */
  start(name: string, args: readonly string[], env?: Readonly<Record<string, string>>): OwnedProcess;
  /** Ends what still runs. */
  close(): void;
}

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface ContainerOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of the image's own. */
  readonly entrypoint?: readonly string[];
}

export interface ContainersOptions {
  readonly runc: string;
  /** The image's files. */
  readonly rootfs: string;
  readonly config: ImageConfig;
  readonly folder: string;
  /** Folders of this machine that containers read, by their place in the image. */
  readonly volumes: Readonly<Record<string, string>>;
}

const NAMESPACES = ['pid', 'ipc', 'uts', 'mount'];
const mount = (destination: string, type: string, ...options: readonly string[]) => ({
  destination,
  type,
  source: type,
  options,
});
/** What orchestrators mount, and the two folders that a process may write to. */
const MOUNTS = [
  mount('/proc', 'proc', 'nosuid', 'noexec', 'nodev'),
  mount('/dev', 'tmpfs', 'nosuid', 'mode=755', 'size=65536k'),
  mount('/dev/shm', 'tmpfs', 'nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'),
  mount('/tmp', 'tmpfs', 'nosuid', 'nodev', 'mode=1777'),
  mount('/var/cache/larder', 'tmpfs', 'nosuid', 'nodev', 'mode=700', 'uid=10001', 'gid=10001'),
];

/**
 * Runs an image as Kubernetes does under `runAsNonRoot`, `readOnlyRootFilesystem` and `drop: [ALL]`. The network is this
 * machine's, so that the stores are on loopback.
 */
export function createContainers({ runc, rootfs, config, folder, volumes }: ContainersOptions): Containers {
  const state = join(folder, 'runc');
  const [uid, gid] = config.User.split(':').map(Number);
  const names: string[] = [];
  const prepare = (args: readonly string[], env: Readonly<Record<string, string>> = {}): string[] => {
    const name = `larder-${process.pid}-${names.length}`;
    names.push(name);
    const bundle = join(folder, 'bundles', name);
    mkdirSync(bundle, { recursive: true });
    const bundled = {
      ociVersion: '1.0.2',
      process: {
        user: { uid, gid },
        args,
        env: [...config.Env, ...Object.entries(env).map(([key, value]) => `${key}=${value}`)],
        cwd: config.WorkingDir,
        capabilities: {},
        noNewPrivileges: true,
      },
      root: { path: rootfs, readonly: true },
      hostname: 'larder',
      mounts: [
        ...MOUNTS,
        ...Object.entries(volumes).map(([destination, source]) => ({
          destination,
          source,
          type: 'bind',
          options: ['bind', 'ro'],
        })),
      ],
      linux: {
        namespaces: NAMESPACES.map((type) => ({ type })),
        maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list'],
        readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
      },
    };
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(bundled));
    return ['--root', state, 'run', '--bundle', bundle, name];
  };
  return {
    // not spawnSync: the way to the stores is through this process
    run: (args, { env, entrypoint = config.Entrypoint } = {}) =>
      new Promise((resolve) => {
        execFile(
          runc,
          prepare([...entrypoint, ...args], env),
          { timeout: 120_000 },
          (error, stdout, stderr) =>
            resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
        );
      }),
    start(name, args, env) {
      return startOwnedProcess({
        name,
        command: runc,
        args: prepare([...config.Entrypoint, ...args], env),
        logFile: join(folder, `${name}.log`),
      });
    },
    close() {
      for (const name of names) spawnSync(runc, ['--root', state, 'delete', '--force', name]);
    },
  };
}
