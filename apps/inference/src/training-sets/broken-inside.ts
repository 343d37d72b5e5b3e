import type { ChildProcess } from 'node:child_process';
import { isLarderError, type Logger } from '@larder/core';

/** Sent by a process that works for the service, beside what its caller is told; the process itself logs nothing. */
export interface BrokenInside {
  /** The stack; left out where the caller is told everything. */
  readonly broken?: string | undefined;
}

export function brokenInside(error: unknown): BrokenInside {
  if (isLarderError(error)) return {};
  return { broken: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** Logs what the process says about itself. */
export function logBrokenInside(child: ChildProcess, logger: Logger, work: string): void {
  child.on('message', (message) => {
    const { broken } = message as BrokenInside;
    if (broken !== undefined) logger.error({ work, stack: broken }, 'A process of the service broke inside');
  });
}
