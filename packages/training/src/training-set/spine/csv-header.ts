import { open } from 'node:fs/promises';
import { LarderError } from '@larder/core';

const MAX_HEADER_BYTES = 1024 * 1024;

/** Column names of a CSV file as written, before any reader makes them distinct. @throws SPINE_INVALID */
export async function csvHeader(path: string, called: string): Promise<string[]> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new LarderError('SPINE_INVALID', `${called} cannot be read: ${error.code ?? error.message}.`);
  });
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_HEADER_BYTES), 0, MAX_HEADER_BYTES, 0);
    const names = firstRecord(buffer.toString('utf8', 0, bytesRead).replace(/^\ufeff/, ''));
    if (names.length === 1 && names[0] === '') throw new LarderError('SPINE_INVALID', `${called} is empty.`);
    return names;
  } finally {
    await file.close();
  }
}

function firstRecord(text: string): string[] {
  const names: string[] = [];
  let name = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (quoted) {
      if (char !== '"') name += char;
      else if (text[at + 1] === '"') {
        name += '"';
        at += 1;
      } else quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === ',') {
      names.push(name);
      name = '';
    } else if (char === '\n' || char === '\r') break;
    else name += char;
  }
  names.push(name);
  return names;
}
