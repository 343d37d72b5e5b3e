import { readFile } from 'node:fs/promises';
import { LarderError, shellWord } from '@larder/core';

export type PushedRow = Readonly<Record<string, unknown>>;

/** Reads the rows of a file: a JSON array of objects, or JSON lines. @throws REQUEST_INVALID that names the line */
export async function readRows(path: string): Promise<PushedRow[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw invalid(`${shellWord(path)} cannot be read.`, cause);
  }
  const rows = text.trimStart().startsWith('[') ? readArray(path, text) : readLines(path, text);
  if (rows.length === 0) throw invalid(`${shellWord(path)} has no rows.`);
  return rows;
}

function readArray(path: string, text: string): PushedRow[] {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch (cause) {
    throw invalid(`${shellWord(path)} is not valid JSON.`, cause);
  }
  if (!Array.isArray(rows)) throw invalid(`${shellWord(path)} is not an array.`);
  return rows.map((row: unknown, i) => {
    if (isRow(row)) return row;
    throw invalid(`${shellWord(path)}: item ${i} is not an object.`);
  });
}

function readLines(path: string, text: string): PushedRow[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === '') return [];
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (cause) {
      throw invalid(`${shellWord(path)}: line ${i + 1} is not valid JSON.`, cause);
    }
    if (isRow(row)) return [row];
    throw invalid(`${shellWord(path)}: line ${i + 1} is not an object.`);
  });
}

function isRow(value: unknown): value is PushedRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string, cause?: unknown): LarderError {
  return new LarderError('REQUEST_INVALID', message, { cause });
}
