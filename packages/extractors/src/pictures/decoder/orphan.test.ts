import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { readMessages, writeMessage } from './messages.ts';
import { closePictureMemory, openPictureMemory, writeRegion } from './picture-memory.ts';
import { DECODER_SOCKET_FD } from './protocol.ts';

const MODULE = fileURLToPath(new URL('./decoder-process.ts', import.meta.url));
const SIDE = 36_000;
const REQUEST = { id: 1, shape: { maxSide: 8 }, maxPixels: SIDE * SIDE };

const started: ReturnType<typeof spawn>[] = [];
afterEach(() => started.forEach((child) => child.kill('SIGKILL')));

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, crc]);
}

/** A black picture of one bit per pixel: a small file that takes seconds. */
function slowPicture(): Buffer {
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  head.writeUInt32BE(SIDE, 0);
  head.writeUInt32BE(SIDE, 4);
  const rows = deflateSync(Buffer.alloc(SIDE * (SIDE / 8 + 1)), { level: 1 });
  const chunks = [pngChunk('IHDR', head), pngChunk('IDAT', rows), pngChunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

/** CPU time of a process as Linux counts it, in steps of 10 ms. */
function cpuMs(pid: number | undefined): number {
  const [, afterName = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const fields = afterName.split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

test.runIf(process.platform === 'linux')('ends at once with its parent, also amid a picture', async () => {
  const memory = openPictureMemory();
  const child = spawn(process.execPath, [MODULE, String(4 * 1024 ** 3)], {
    env: {},
    stdio: ['ignore', 'ignore', 'inherit', 'pipe', memory],
  });
  started.push(child);
  const socket = child.stdio[DECODER_SOCKET_FD] as Duplex;
  const answers: unknown[] = [];
  readMessages(socket, (answer) => answers.push(answer));
  const bytes = slowPicture();
  const ask = (): void => {
    writeRegion(memory, 0, bytes);
    writeMessage(socket, { ...REQUEST, region: 0, sizeBytes: bytes.length });
  };
  await expect.poll(() => answers.length, { timeout: 60_000 }).toBe(1);

  // Measured in CPU time: wall time depends on how busy the machine is.
  const readyMs = cpuMs(child.pid);
  ask();
  await expect.poll(() => answers.length, { timeout: 60_000 }).toBe(2);
  expect(answers[1]).toMatchObject({ id: 1, width: 8, height: 8 });
  const wholeMs = cpuMs(child.pid) - readyMs;

  const idleMs = cpuMs(child.pid);
  ask();
  await expect
    .poll(() => cpuMs(child.pid) - idleMs, { timeout: 60_000, interval: 10 })
    .toBeGreaterThan(wholeMs / 8);
  // what the system does when the parent is killed
  socket.destroy();
  let spentMs = 0;
  const sampling = setInterval(() => (spentMs = cpuMs(child.pid) - idleMs), 5);
  await once(child, 'exit').finally(() => clearInterval(sampling));
  closePictureMemory(memory);
  expect(spentMs).toBeLessThan(wholeMs * 0.75);
});
