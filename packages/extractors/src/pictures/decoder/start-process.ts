import { spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DecodedPicture } from '../decode-picture.ts';
import { readMessages, writeMessage } from './messages.ts';
import {
  closePictureMemory,
  openPictureMemory,
  readRegion,
  trimPictureMemory,
  writeRegion,
} from './picture-memory.ts';
import {
  decodeAnswer,
  DECODER_SOCKET_FD,
  OUT_OF_MEMORY_LINE,
  type DecodeAnswer,
  type DecodeRequest,
} from './protocol.ts';

export interface DecoderProcessEvents {
  /** Called when the process can take pictures. */
  onReady(): void;
  onPicture(id: number, picture: DecodedPicture): void;
  onError(id: number, error: Extract<DecodeAnswer, { error: unknown }>['error']): void;
  /** Called once; never after `kill`. */
  onDeath(death: DecoderDeath): void;
}

export interface DecoderDeath {
  readonly outOfMemory: boolean;
  readonly reason: string;
}

export interface DecoderProcess {
  /** @throws ENOSPC the shared memory is full */
  send(request: Omit<DecodeRequest, 'region' | 'sizeBytes'>, bytes: Buffer): void;
  kill(): void;
}

const MODULE = fileURLToPath(new URL(`./decoder-process${extname(import.meta.filename)}`, import.meta.url));
/** Limit of the JavaScript heap; pictures are outside it. */
const HEAP_MB = 128;
const MAX_PIXEL_BYTES = 512 * 1024 ** 2;
const SHOWN_STDERR = 500;
/** Private memory that Node and thread stacks reserve and never touch; measured: 570 MB. */
const RESERVED_BYTES = 768 * 1024 ** 2;
/**
 * Limits private memory (only on Linux) and makes this process the first to be killed when the machine runs out of memory.
 * Address space cannot be limited: V8 reserves gigabytes that it never touches.
 */
const LIMITED = 'ulimit -d "$1"; echo 1000 2>/dev/null >/proc/self/oom_score_adj; shift; exec "$@"';

export function startDecoderProcess(memoryLimitBytes: number, events: DecoderProcessEvents): DecoderProcess {
  const node = [process.execPath, `--max-old-space-size=${HEAP_MB}`, MODULE, String(memoryLimitBytes)];
  const [command = '', ...args] =
    process.platform === 'linux'
      ? [
          '/bin/sh',
          '-c',
          LIMITED,
          'sh',
          String(Math.ceil((memoryLimitBytes + RESERVED_BYTES) / 1024)),
          ...node,
        ]
      : node;
  const memory = openPictureMemory();
  // A decoder that a picture took over finds no passwords in its environment.
  const child = spawn(command, args, { env: {}, stdio: ['ignore', 'ignore', 'pipe', 'pipe', memory] });
  const socket = socketOf(child);
  if (socket === undefined) {
    closePictureMemory(memory);
    // The error is emitted again later, which would end this thread.
    child.on('error', () => {});
    throw new Error('this process has too many open files');
  }
  /** Region of each picture in flight. */
  const regions = new Map<number, number>();
  let stderr = '';
  let alive = true;

  const kill = (): void => {
    if (!alive) return;
    alive = false;
    child.kill('SIGKILL');
    socket.destroy();
    closePictureMemory(memory);
  };
  const end = (reason: string, outOfMemory = false): void => {
    if (!alive) return;
    kill();
    events.onDeath({ reason, outOfMemory });
  };
  child.on('error', (error) => end(error.message));
  child.on('close', (code, signal) => {
    const lastLine = stderr.trim().split('\n').at(-1) ?? '';
    end(`it ended with ${signal ?? code}${lastLine && `: ${lastLine}`}`, lastLine === OUT_OF_MEMORY_LINE);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-SHOWN_STDERR);
  });
  // The process is ending too, and its exit event says more.
  socket.on('error', () => {});
  readMessages(socket, (message) => {
    if (!alive) return;
    const answer = decodeAnswer.safeParse(message).data;
    if (answer === undefined) return end('it sent an answer to no request');
    if ('ready' in answer) return events.onReady();
    const region = regions.get(answer.id);
    if (region === undefined) return end('it sent an answer to no request');
    regions.delete(answer.id);
    if ('error' in answer) return events.onError(answer.id, answer.error);
    const { id, width, height } = answer;
    const rgb = pixels(width * height * 3);
    if (rgb === null || !readRegion(memory, region, rgb)) return end('it returned pixels of the wrong size');
    if (regions.size === 0) trimPictureMemory(memory);
    events.onPicture(id, { width, height, rgb });
  });
  return {
    send(request, bytes) {
      const taken = new Set(regions.values());
      let region = 0;
      while (taken.has(region)) region++;
      writeRegion(memory, region, bytes);
      regions.set(request.id, region);
      writeMessage(socket, { ...request, region, sizeBytes: bytes.length } satisfies DecodeRequest);
    },
    kill,
  };
}

/** Undefined when no file descriptor was left: Node then returns a child without streams. */
function socketOf({ stdio }: { readonly stdio?: readonly unknown[] }): Duplex | undefined {
  return stdio?.[DECODER_SOCKET_FD] as Duplex | undefined;
}

/** Null when larger than any picture can be after scaling. */
function pixels(sizeBytes: number): Buffer | null {
  return sizeBytes <= MAX_PIXEL_BYTES ? Buffer.allocUnsafeSlow(sizeBytes) : null;
}
