import type { Readable, Writable } from 'node:stream';

/** A message is a few numbers and at most one error; a process that sends more is compromised. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/** One line of JSON each. Pixels go through shared memory: as part of a message they are copied four times. */
export function writeMessage(stream: Writable, message: object): void {
  stream.write(`${JSON.stringify(message)}\n`);
}

/** Calls `onMessage` with each message in order, and with undefined for anything that does not follow the protocol. */
export function readMessages(stream: Readable, onMessage: (message: unknown) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onMessage(parsed(line));
    if (rest.length <= MAX_MESSAGE_BYTES) return;
    rest = '';
    onMessage(undefined);
  });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
