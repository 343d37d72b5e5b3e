import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { toLarderError } from '@larder/core';
import sharp from 'sharp';
import { decodePicture } from '../decode-picture.ts';
import { readMessages, writeMessage } from './messages.ts';
import { readRegion, writeRegion } from './picture-memory.ts';
import {
  DECODER_MEMORY_FD,
  DECODER_SOCKET_FD,
  OUT_OF_MEMORY_LINE,
  type DecodeAnswer,
  type DecodeRequest,
} from './protocol.ts';

/**
 * A process that only decodes untrusted pictures: it has no secrets in its environment, opens no files
 * or connections, and may die at any time. It exits when its parent does.
 */
const MEMORY_CHECK_MS = 20;
/** Messages of libvips and its libraries for a failed allocation. */
const OUT_OF_MEMORY =
  /out of memory|insufficient memory|memory allocation|alloc(?:ation)? failed|creating thread/i;
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'];

// One thread per picture, several pictures at a time; no picture is decoded twice, so no cache.
sharp.concurrency(1);
sharp.cache(false);
// A polyglot file cannot reach another loader, or one that opens files.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: LOADERS.map((format) => `VipsForeignLoad${format}Buffer`) });

const memoryLimitBytes = Number(process.argv[2]);
const socket = new Socket({ fd: DECODER_SOCKET_FD });
let running = 0;

socket.on('close', end);
socket.on('error', end);
readMessages(socket, (request) => void answer(request as DecodeRequest));
// The hard limit on private memory exists only on Linux, and is generous because V8 reserves a lot.
setInterval(() => {
  if (running > 0 && process.memoryUsage.rss() > memoryLimitBytes) endOutOfMemory();
}, MEMORY_CHECK_MS);
send({ ready: true });

async function answer({ id, region, sizeBytes, shape, maxPixels }: DecodeRequest): Promise<void> {
  running++;
  try {
    const bytes = Buffer.allocUnsafeSlow(sizeBytes);
    readRegion(DECODER_MEMORY_FD, region, bytes);
    const { width, height, rgb } = await decodePicture(bytes, { shape, maxPixels });
    writeRegion(DECODER_MEMORY_FD, region, rgb);
    send({ id, width, height });
  } catch (error) {
    const { code, message } = toLarderError(error);
    // Pictures share the memory: each is decoded again alone before one of them is blamed.
    if (OUT_OF_MEMORY.test(message)) endOutOfMemory();
    send({ id, error: { code, message } });
  } finally {
    running--;
  }
}

/** Exits at once: `process.exit` would first wait for the pictures that other threads decode, however long they take. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

function endOutOfMemory(): void {
  writeSync(process.stderr.fd, `${OUT_OF_MEMORY_LINE}\n`);
  end();
}

function send(message: DecodeAnswer): void {
  writeMessage(socket, message);
}
