import { createReadStream } from 'node:fs';

const [QUOTE, COMMA, LF, CR] = [0x22, 0x2c, 0x0a, 0x0d];

/**
 * What is wrong with the first row of a CSV file that has not as many values as the header, by the number of its line;
 * null when every row has. Quotes no value.
 */
export async function raggedRow(path: string, width: number): Promise<string | null> {
  let [line, startLine, values, bytes] = [1, 1, 1, 0];
  let quoted = false;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>)
    for (const byte of chunk) {
      if (byte === LF) line += 1;
      if (byte === QUOTE) quoted = !quoted;
      if (!quoted && byte === LF) {
        if (bytes > 0 && values !== width) return told(startLine, values, width);
        [startLine, values, bytes] = [line, 1, 0];
        continue;
      }
      if (!quoted && byte === COMMA) values += 1;
      if (byte !== CR) bytes += 1;
    }
  if (quoted) return `line ${startLine}: a double quote opens a value and none closes it`;
  return bytes > 0 && values !== width ? told(startLine, values, width) : null;
}

function told(line: number, values: number, width: number): string {
  const advice = values > width ? '; put a value that has a comma in double quotes' : '';
  return `line ${line} has ${values} ${values === 1 ? 'value' : 'values'}, and the header has ${width} ${width === 1 ? 'column' : 'columns'}${advice}`;
}
