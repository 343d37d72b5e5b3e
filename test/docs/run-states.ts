import { resolve } from 'node:path';
import { TRANSITIONS, type Transition } from '@larder/materialization/runs';

/** Command that redraws the pictures. */
export const COMMAND = 'npx node test/docs/draw-run-states.ts';
export const PAGE = resolve(import.meta.dirname, '../../docs/concepts/run-and-chunk.md');

const BEGIN = `<!-- Drawn from packages/materialization/src/runs/transitions.ts by: ${COMMAND} -->`;
const END = '<!-- End of what is drawn. -->';

/** The page with pictures of the current table of transitions. */
export function withPictures(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no place for the pictures.`);
  const drawn = [
    `The states of a run:\n\n${picture('run')}`,
    `The states of a chunk:\n\n${picture('chunk')}`,
  ].join('\n\n');
  return `${before}${BEGIN}\n\n${drawn}\n\n${END}${after}`;
}

function picture(of: 'run' | 'chunk'): string {
  const verbs = new Map<string, string[]>();
  for (const [verb, transition] of Object.entries<Transition>(TRANSITIONS))
    for (const [from, to] of Object.entries(transition[of] ?? {}))
      for (const state of to) {
        const move = `${from === 'none' ? '[*]' : from} --> ${state === 'gone' ? '[*]' : state}`;
        verbs.set(move, [...(verbs.get(move) ?? []), verb.replace(/In$/, '')]);
      }
  const moves = [...verbs].map(([move, names]) => `  ${move}: ${names.join(', ')}`);
  return ['```mermaid', 'stateDiagram-v2', ...moves, '```'].join('\n');
}
