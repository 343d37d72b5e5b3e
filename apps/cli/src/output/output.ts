import pc from 'picocolors';
import { clip } from './table.ts';

export type Style = ReturnType<typeof pc.createColors>;

/** A stream that may be a terminal. */
export type TerminalStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export interface OutputOptions {
  readonly json: boolean;
  readonly colours: boolean;
  readonly columns: number;
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
}

/** Output of a verb: an answer on stdout, progress on stderr. With `--json` stdout is one JSON document or, for a verb that keeps running, one line per event. */
export interface Output {
  readonly json: boolean;
  readonly columns: number;
  /** Stderr is a terminal: progress may move. */
  readonly interactive: boolean;
  readonly style: Style;
  readonly stderr: TerminalStream;
  /** The answer: the value with `--json`, else what `show` prints by `line`. */
  answer(value: unknown, show: () => void): void;
  /** One of many answers: with `--json` the value on its own line. */
  event(value: unknown, show: () => void): void;
  /** The text, on a terminal cut to one line of at most `max` characters, by default its width. */
  fit(text: string, max?: number): string;
  /** One line of text on stdout. */
  line(text?: string): void;
  /** Progress and remarks. */
  note(text: string): void;
}

export function createOutput(options: OutputOptions): Output {
  const { json, columns, stdout, stderr } = options;
  return {
    json,
    columns,
    interactive: stderr.isTTY === true,
    style: pc.createColors(options.colours),
    stderr,
    answer(value, show) {
      if (json) stdout.write(`${jsonText(value, 2)}\n`);
      else show();
    },
    event(value, show) {
      if (json) stdout.write(`${jsonText(value)}\n`);
      else show();
    },
    fit: (text, max = columns) => (stdout.isTTY === true ? clip(text, max) : text),
    line: (text = '') => void stdout.write(`${withoutControls(text.trimEnd())}\n`),
    note: (text) => void stderr.write(`${withoutControls(text)}\n`),
  };
}

/** JSON of the same value that a terminal shows as it is: `JSON.stringify` escapes only the controls below U+0020. */
function jsonText(value: unknown, indent?: number): string {
  return (JSON.stringify(value, null, indent) ?? 'null').replaceAll(
    /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Reasons, names and values come from others, also over HTTP: only lines, tabs and what `style` writes reach the terminal as they are. */
function withoutControls(text: string): string {
  return text.replaceAll(
    // oxlint-disable-next-line no-control-regex
    /\u001b\[(?:1|2|22|3[1-69])m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (found) => (found.length > 1 ? found : '\ufffd'),
  );
}
