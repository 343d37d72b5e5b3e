import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { drawPicture } from './draw-picture.ts';

/** `npm run demo:picture -w @larder/example-ads`: runs the demo and draws what it printed for the README. */
const picture = resolve(import.meta.dirname, '../../../docs/pictures/demo.svg');
const demo = spawn(process.execPath, [resolve(import.meta.dirname, 'main.ts'), '--once'], {
  env: { ...process.env, FORCE_COLOR: '1' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
let output = '';
demo.stdout.setEncoding('utf8').on('data', (text: string) => {
  output += text;
  process.stdout.write(text);
});
const [code] = (await once(demo, 'close')) as [number];
if (code === 0) writeFileSync(picture, drawPicture(`\u001B[2m$\u001B[22m npm run demo\n\n${output.trim()}`));
process.exitCode = code;
