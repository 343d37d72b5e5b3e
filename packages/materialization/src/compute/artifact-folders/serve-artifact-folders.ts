import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { isLarderError, type ErrorCode } from '@larder/core';

/** A local folder that holds exactly the artifact with this hash (SHA-256, hex). */
export type ArtifactFolder = (sha256: string) => Promise<string>;

/** A thread asks when it starts a computation; `id` is chosen by the thread. */
export interface FolderWanted {
  readonly id: number;
  readonly sha256: string;
}

/** Errors lose their class and code between threads; `code` is null for errors that are not ours. */
export type FolderAnswer = { readonly id: number } & (
  | { readonly folder: string }
  | { readonly code: ErrorCode | null; readonly message: string }
);

/** Creates the port over which a compute thread asks for folders of artifacts. */
export function serveArtifactFolders(artifactFolder: ArtifactFolder): MessagePort {
  const { port1: port, port2 } = new MessageChannel();
  port.on('message', ({ id, sha256 }: FolderWanted) => {
    const answer = (message: FolderAnswer): void => port.postMessage(message);
    artifactFolder(sha256).then(
      (folder) => answer({ id, folder }),
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        answer({ id, code: isLarderError(error) ? error.code : null, message });
      },
    );
  });
  port.unref();
  return port2;
}
