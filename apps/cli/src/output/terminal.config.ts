interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Colours, only where every stream is a terminal, and the width of the first one. */
export function readTerminal(
  streams: readonly [Terminal, ...Terminal[]],
  env: NodeJS.ProcessEnv = process.env,
): { readonly colours: boolean; readonly columns: number } {
  const [stdout] = streams;
  const quiet = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return {
    colours: streams.every((stream) => stream.isTTY === true) && !quiet,
    columns: stdout.isTTY === true ? Math.max(60, stdout.columns || 100) : 100,
  };
}
