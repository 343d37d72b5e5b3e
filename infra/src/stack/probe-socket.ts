import { connect } from 'node:net';

/** Resolves when the server behind a unix socket answers these bytes with anything. @throws Error when it does not */
export function probeSocket(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, signal });
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('The server closed the connection without an answer.')));
    socket.once('data', () => {
      resolve();
      socket.destroy();
    });
    socket.write(bytes);
  });
}
