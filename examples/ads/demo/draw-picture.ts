import Anser from 'anser';

/** Longest line that is shown in full, in characters. */
const COLUMNS = 132;
/** Lines shown of a series that look the same, such as one per feature. */
const MAX_ALIKE = 6;
const CHARACTER_WIDTH = 7.25;
const LINE_HEIGHT = 16;
const MARGIN = 16;
const FOREGROUND = '#d6deeb';
const COLOURS: Readonly<Record<string, string>> = {
  'ansi-red': '#ef5350',
  'ansi-green': '#7fdb8a',
  'ansi-yellow': '#e8c66a',
  'ansi-cyan': '#7fd5ea',
};
/** Lines that a progress bar would have overwritten: `   ad_text   96/210 rows  5 rows/s, …`. */
const PROGRESS = /^ {3}\w+ +\d+\/\d+ /;

/** Draws a terminal's output, including colours, as an SVG. Progress is left out; `…` marks cuts in long lists and lines. */
export function drawPicture(output: string): string {
  const lines = elided(
    output
      .trim()
      .split('\n')
      .filter((text) => !PROGRESS.test(Anser.ansiToText(text))),
  );
  const width = Math.ceil(COLUMNS * CHARACTER_WIDTH + 2 * MARGIN);
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
  const rows = lines.map((text, at) => {
    const y = MARGIN + at * LINE_HEIGHT + 12;
    return `<text x="${MARGIN}" y="${y}" xml:space="preserve">${spans(text)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="12">`,
    `<rect width="${width}" height="${height}" rx="8" fill="#011627"/>`,
    `<g fill="${FOREGROUND}">`,
    ...rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** The first few of lines that begin the same way, and how many more there were. */
function elided(lines: readonly string[]): string[] {
  const shown: string[] = [];
  let before: string | undefined;
  let alike = 0;
  for (const text of lines) {
    const beginning = /^\s+\{ "\w+": /.exec(Anser.ansiToText(text))?.[0];
    alike = beginning !== undefined && beginning === before ? alike + 1 : 1;
    before = beginning;
    if (alike > MAX_ALIKE + 1) shown.pop();
    shown.push(alike > MAX_ALIKE ? `       … ${alike - MAX_ALIKE} more` : text);
  }
  return shown;
}

function spans(text: string): string {
  let left = COLUMNS;
  return Anser.ansiToJson(text, { use_classes: true, remove_empty: true })
    .map(({ content, fg, decorations }) => {
      if (left <= 0) return '';
      const cut = content.length > left ? `${content.slice(0, left - 1)}…` : content;
      left -= content.length;
      const colour = COLOURS[fg] === undefined ? '' : ` fill="${COLOURS[fg]}"`;
      const bold = decorations.includes('bold') ? ' font-weight="bold"' : '';
      const dim = decorations.includes('dim') ? ' opacity="0.6"' : '';
      return `<tspan${colour}${bold}${dim}>${escaped(cut)}</tspan>`;
    })
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
