import { LarderError } from './errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program',
  EACCES: 'may not be used by this user (ports below 1024 need rights)',
  EADDRNOTAVAIL: 'does not exist: the host is not an address of this machine',
};

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** The setting that chooses the port. */
  readonly setting: 'LARDER_PORT' | 'LARDER_WORKER_METRICS_PORT';
}

/** Why a process cannot listen, and which setting to change. */
export function cannotListen(
  { host, port, setting }: ListenAddress,
  cause: NodeJS.ErrnoException,
): LarderError {
  const code = cause.code ?? '';
  const reason = REASONS[code] ?? `cannot be used (${code === '' ? cause.message : code})`;
  return new LarderError(
    'CONFIGURATION_INVALID',
    `Port ${port} of ${host} ${reason}. Choose another one with --port or ${setting} (0: any free one), or another LARDER_HOST.`,
    { cause, errors: [{ pointer: `/${setting}`, detail: reason }] },
  );
}
