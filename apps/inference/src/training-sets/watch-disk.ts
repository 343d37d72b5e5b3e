const INTERVAL_MS = 500;
const BYTES_PER_MB = 2 ** 20;

export interface WatchDiskOptions {
  readonly limitMb: number;
  /** Size of what the process has written so far. */
  readonly written: () => Promise<number>;
  readonly exceeded: (reason: string) => void;
}

/** Calls once the process has written more than the limit, with the reason. */
export function watchDisk({ limitMb, written, exceeded }: WatchDiskOptions): void {
  setInterval(() => {
    void written().then((bytes) => {
      if (bytes > limitMb * BYTES_PER_MB)
        exceeded(`It needs more than the ${limitMb} MB of disk space of LARDER_TRAINING_SETS_DISK_MB.`);
    });
  }, INTERVAL_MS).unref();
}
