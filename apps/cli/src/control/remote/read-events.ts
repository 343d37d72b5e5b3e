export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

interface ReadOptions {
  /** Nothing for so long, not even a comment, ends the reading. */
  readonly silenceMs: number;
  /** Aborts the request. */
  readonly silence: AbortController;
  /** Of one event. @default 1,000,000: most are a few hundred bytes */
  readonly maxChars?: number;
}

/** Reads server-sent events (WHATWG HTML, 9.2) with the fields that we send. @throws when the connection breaks */
export async function* readEvents(
  response: Response,
  { silenceMs, silence, maxChars = 1_000_000 }: ReadOptions,
): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  const timer = setTimeout(() => silence.abort(new Error('No event came.')), silenceMs);
  let text = '';
  try {
    for await (const part of response.body ?? []) {
      timer.refresh();
      text += decoder.decode(part as Uint8Array, { stream: true }).replaceAll('\r\n', '\n');
      if (text.length > maxChars) throw new Error('An event is too long.');
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const found = eventOf(block);
        if (found !== null) yield found;
      }
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** Null for a comment. */
function eventOf(block: string): ServerEvent | null {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, name, value = ''] = /^(event|data): ?(.*)$/.exec(line) ?? [];
    if (name === 'event') event = value;
    if (name === 'data') data.push(value);
  }
  return data.length === 0 ? null : { event, data: data.join('\n') };
}
