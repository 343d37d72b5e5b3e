import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Takes all but a few file descriptors, decodes a picture, releases them and decodes it again. */
const SCRIPT = `
  import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
  import { createPictureDecoder } from ${JSON.stringify(new URL('./picture-decoder.ts', import.meta.url).href)};

  const decode = () => decoder.decode(Buffer.from('no picture'), { shape: { maxSide: 8 }, maxPixels: 100 })
    .catch(({ code, message }) => console.log(code, message));
  const memories = () => readdirSync('/proc/self/fd').filter((fd) => {
    try { return readlinkSync('/proc/self/fd/' + fd).includes('larder-picture-'); } catch { return false; }
  }).length;

  createPictureDecoder().close();
  const taken = [];
  try { for (;;) taken.push(openSync('/dev/null')); } catch {}
  for (let spare = 0; spare < 4; spare++) closeSync(taken.pop());
  const decoder = createPictureDecoder();
  await decode();
  for (const fd of taken) closeSync(fd);
  console.log(memories());
  await decode();
  decoder.close();
`;

test.runIf(process.platform === 'linux')(
  'without file descriptors pictures fail, nothing is kept, and the thread goes on',
  async () => {
    const node = [process.execPath, '--input-type=module', '--eval', SCRIPT];
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', 'ulimit -n 80; exec "$@"', 'sh', ...node]);
    expect(stdout.trim().split('\n')).toEqual([
      'COMPUTATION_FAILED The picture decoder process does not start: this process has too many open files.',
      '0',
      expect.stringMatching(/^PICTURE_FORMAT_UNSUPPORTED /),
    ]);
  },
);
