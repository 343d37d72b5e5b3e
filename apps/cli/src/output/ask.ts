import { createInterface } from 'node:readline';

/** What a person types at the terminal; null: Ctrl-C, Ctrl-D, a closed terminal, or the verb was stopped. */
export async function ask(question: string, signal: AbortSignal): Promise<string | null> {
  if (signal.aborted) return null;
  return new Promise((resolve) => {
    const asking = createInterface({ input: process.stdin, output: process.stderr });
    const stop = () => asking.close();
    let answered = false;
    signal.addEventListener('abort', stop, { once: true });
    asking.once('close', () => {
      signal.removeEventListener('abort', stop);
      if (answered) return;
      process.stderr.write('\n');
      resolve(null);
    });
    asking.question(question, (answer) => {
      answered = true;
      resolve(answer);
      asking.close();
    });
  });
}
