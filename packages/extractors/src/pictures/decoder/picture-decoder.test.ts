import { readdirSync, readFileSync } from 'node:fs';
import sharp from 'sharp';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { decodePicture } from '../decode-picture.ts';
import { createPictureDecoder, type PictureDecoder, type PictureDecoderOptions } from './picture-decoder.ts';
import { openPictureDecoder } from './shared-decoder.ts';

const OPTIONS = { shape: { width: 16, height: 8, fit: 'fill' }, maxPixels: 30_000_000 } as const;
/** Long enough for a busy machine. */
const PATIENCE_MS = 180_000;
vi.setConfig({ testTimeout: PATIENCE_MS });
/** A decoder without a picture has about 100 MiB. */
const BUSY_MIB = 140;

let small: Buffer;
/** Keeps 96 MB of coefficients until it is decoded, which takes a while. */
let progressive: Buffer;
let decoder: PictureDecoder;

beforeAll(async () => {
  small = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#c86432' } })
    .jpeg()
    .toBuffer();
  progressive = await sharp({ create: { width: 4_000, height: 4_000, channels: 3, background: '#999' } })
    .jpeg({ progressive: true, chromaSubsampling: '4:4:4' })
    .toBuffer();
});
afterEach(() => decoder.close());

const start = (options: PictureDecoderOptions = {}): PictureDecoder =>
  (decoder = createPictureDecoder({ timeoutMs: PATIENCE_MS, ...options }));

/** Decoder processes of this process only. */
function decoderPids(): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const stat = read(`/proc/${name}/stat`);
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(parent) !== process.pid || state === 'Z') return [];
    return read(`/proc/${name}/cmdline`).includes('decoder-process') ? [Number(name)] : [];
  });
}

function memoryMib(pid: number, line: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

/** Empty when the process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Kills the process in the middle of the large picture, like a fault in native code. */
async function crashWhileDecoding(killed?: number): Promise<number> {
  let pid: number | undefined;
  const find = (): number | undefined =>
    (pid = decoderPids().find((one) => one !== killed && memoryMib(one, 'VmRSS') > BUSY_MIB));
  await expect.poll(find, { interval: 5, timeout: PATIENCE_MS }).toBeDefined();
  process.kill(pid as number, 'SIGSEGV');
  return pid as number;
}

test('returns the same pixels as decoding in this process', async () => {
  start();
  const pictures = await Promise.all(Array.from({ length: 10 }, () => decoder.decode(small, OPTIONS)));
  const expected = await decodePicture(small, OPTIONS);
  for (const picture of pictures) expect(picture).toEqual(expected);
  const whole = await decoder.decode(small, { ...OPTIONS, shape: { maxSide: 150 } });
  expect([whole.width, whole.height, whole.rgb.length]).toEqual([150, 100, 45_000]);
});

test('refuses with the same codes', async () => {
  start();
  await expect(decoder.decode(Buffer.from('<svg/>'), OPTIONS)).rejects.toMatchObject({
    code: 'PICTURE_FORMAT_UNSUPPORTED',
  });
  await expect(decoder.decode(small, { ...OPTIONS, maxPixels: 100 })).rejects.toMatchObject({
    code: 'PICTURE_TOO_LARGE',
  });
});

test('knows no secret: its environment is empty', async () => {
  start();
  await decoder.decode(small, OPTIONS);
  const [pid] = decoderPids();
  const names = read(`/proc/${pid}/environ`)
    .split('\0')
    .filter((line) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(line));
  expect(names.filter(Boolean)).toEqual([]);
});

describe('when its process dies', () => {
  test('once, no picture is lost', async () => {
    start();
    const pictures = Promise.all([
      decoder.decode(progressive, OPTIONS),
      ...Array.from({ length: 5 }, () => decoder.decode(small, OPTIONS)),
    ]);
    pictures.catch(() => {});
    await crashWhileDecoding();
    await expect(pictures).resolves.toHaveLength(6);
  });

  test('again on the same picture alone, only that picture fails', async () => {
    start();
    const culprit = decoder.decode(progressive, OPTIONS);
    culprit.catch(() => {});
    const others = Promise.all(Array.from({ length: 5 }, () => decoder.decode(small, OPTIONS)));
    await crashWhileDecoding(await crashWhileDecoding());
    await expect(culprit).rejects.toMatchObject({
      code: 'PICTURE_DECODER_DIED',
      message: expect.stringContaining('SIGSEGV'),
    });
    await expect(others).resolves.toHaveLength(5);
  });
});

test('a picture that needs too much memory fails alone', async () => {
  start({ memoryLimitBytes: 160 * 1024 ** 2 });
  const [before, huge, after] = await Promise.allSettled(
    [small, progressive, small].map((bytes) => decoder.decode(bytes, OPTIONS)),
  );
  expect([before?.status, after?.status]).toEqual(['fulfilled', 'fulfilled']);
  expect(huge).toMatchObject({
    reason: { code: 'PICTURE_TOO_LARGE', message: expect.stringContaining('160 MiB of memory') },
  });
});

test('a picture that is not decoded in time fails alone', async () => {
  start({ timeoutMs: 10_000 });
  await decoder.decode(small, OPTIONS);
  const [pid] = decoderPids();
  process.kill(pid as number, 'SIGSTOP');
  const stuck = decoder.decode(small, OPTIONS);
  await expect(stuck).rejects.toMatchObject({ code: 'PICTURE_DECODE_TIMEOUT' });
  await expect(decoder.decode(small, OPTIONS)).resolves.toMatchObject({ width: 16 });
});

test('a picture that nobody waits for any more gives up its turn', async () => {
  start();
  const running = [decoder.decode(progressive, OPTIONS), decoder.decode(progressive, OPTIONS)];
  const batch = new AbortController();
  const unwanted = Array.from({ length: 50 }, () => decoder.decode(progressive, OPTIONS, batch.signal));
  const last = decoder.decode(small, OPTIONS);
  batch.abort(new Error('time is up'));
  const ended = await Promise.allSettled(unwanted);
  expect(ended.every(({ status }) => status === 'rejected')).toBe(true);
  await expect(unwanted[0]).rejects.toThrow('time is up');
  await Promise.all([...running, last]);
});

test('closing ends the process and fails pictures in flight', async () => {
  start();
  await decoder.decode(small, OPTIONS);
  const last = decoder.decode(progressive, OPTIONS);
  decoder.close();
  await expect(last).rejects.toMatchObject({ code: 'COMPUTATION_FAILED' });
  await expect.poll(decoderPids).toEqual([]);
});

test('the computations of a thread share one process, which ends with the last of them', async () => {
  const [first, second] = [openPictureDecoder(), openPictureDecoder()];
  await Promise.all([first.decode(small, OPTIONS), second.decode(small, OPTIONS)]);
  expect(decoderPids()).toHaveLength(1);
  first.close();
  first.close();
  await expect(second.decode(small, OPTIONS)).resolves.toMatchObject({ width: 16 });
  second.close();
  await expect.poll(decoderPids).toEqual([]);
  decoder = openPictureDecoder();
  await expect(decoder.decode(small, OPTIONS)).resolves.toMatchObject({ width: 16 });
});

test('memory stays bounded over many pictures', async () => {
  start();
  for (let round = 0; round < 3; round++) {
    await Promise.all([progressive, small, progressive].map((bytes) => decoder.decode(bytes, OPTIONS)));
  }
  const [pid] = decoderPids();
  expect(memoryMib(pid as number, 'VmHWM')).toBeLessThan(500);
});
