import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createOutput } from './output.ts';

function opened(json = false) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[name] += chunk.toString();
        done();
      },
    });
  const streams = { stdout: stream('stdout'), stderr: stream('stderr') };
  return { written, out: createOutput({ json, colours: true, columns: 80, ...streams }) };
}

test('what others wrote does not control the terminal; colours and lines stay', () => {
  const { written, out } = opened();
  // A reason as anybody may send it over HTTP: writes the clipboard, clears the screen, goes back, turns the text around, hides it.
  const hostile =
    'a\u001b]52;c;bHM=\u0007b\u001b[2J\u001b[1Ac\rd\u009b2Je\u202ef\u0000\u007fg\u001b[8mh\u001b[30;40mi';
  out.line(`${out.style.red('why')}: ${hostile}\n\tnext`);
  out.note(hostile);
  const shown = 'a�]52;c;bHM=�b�[2J�[1Ac�d�2Je�f��g�[8mh�[30;40mi';
  expect(written).toEqual({
    stdout: `\u001b[31mwhy\u001b[39m: ${shown}\n\tnext\n`,
    stderr: `${shown}\n`,
  });
});

test('as JSON, too: the controls are escaped, and the value is the same', () => {
  const { written, out } = opened(true);
  const value = { name: 'a\u009b2J\u001b[2J\u202eb\u007f\u2066 é 😀' };
  out.answer(value, () => {});
  out.event(value, () => {});
  expect(written.stdout).not.toMatch(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  expect(written.stdout).not.toContain('\u001b');
  const [last = '', ...first] = written.stdout.trimEnd().split('\n').toReversed();
  expect([JSON.parse(last), JSON.parse(first.toReversed().join('\n'))]).toEqual([value, value]);
});
