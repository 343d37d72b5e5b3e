import type { MessagePort } from 'node:worker_threads';
import { LarderError } from '@larder/core';
import type { ArtifactFolder, FolderAnswer, FolderWanted } from './serve-artifact-folders.ts';

/** The thread's side of `serveArtifactFolders`. */
export function askArtifactFolders(port: MessagePort): ArtifactFolder {
  const asked = new Map<number, PromiseWithResolvers<string>>();
  let lastId = 0;
  port.on('message', (answer: FolderAnswer) => {
    const wanted = asked.get(answer.id);
    asked.delete(answer.id);
    if ('folder' in answer) wanted?.resolve(answer.folder);
    else {
      const { code, message } = answer;
      wanted?.reject(code === null ? new Error(message) : new LarderError(code, message));
    }
  });
  return (sha256) => {
    const id = ++lastId;
    const wanted = Promise.withResolvers<string>();
    asked.set(id, wanted);
    port.postMessage({ id, sha256 } satisfies FolderWanted);
    return wanted.promise;
  };
}
