import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A short text that twenty people rated. */
export interface RatedText {
  readonly corpus: string;
  readonly text: string;
  /** Mean of their ratings, -4 to 4. */
  readonly rating: number;
}

/** Tweets, film and product reviews and editorials, rated for Hutto & Gilbert, VADER (ICWSM 2014); MIT licence. */
const PACKAGE = 'vaderSentiment==3.3.2';
const ARCHIVE = 'vaderSentiment-3.3.2';
const ARCHIVE_SHA256 = '5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9';
const RATED = 'additional_resources/hutto_ICWSM_2014.tar.gz';
const CORPORA = ['tweets', 'movieReviewSnippets', 'amazonReviewSnippets', 'nytEditorialSnippets'];

/** Downloads the source package from PyPI and reads its rated texts. */
export function readRatedTexts(): RatedText[] {
  const folder = mkdtempSync(join(tmpdir(), 'rated-texts-'));
  const run = (command: string, ...args: readonly string[]): void =>
    void execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    run('python3', '-m', 'pip', 'download', '--quiet', '--no-deps', '--no-binary', ':all:', PACKAGE);
    const archive = readFileSync(join(folder, `${ARCHIVE}.tar.gz`));
    const sha256 = createHash('sha256').update(archive).digest('hex');
    if (sha256 !== ARCHIVE_SHA256) throw new Error(`${PACKAGE} has the SHA-256 ${sha256}`);
    run('tar', '-xzf', `${ARCHIVE}.tar.gz`);
    run('tar', '-xzf', join(ARCHIVE, RATED));
    return CORPORA.flatMap((corpus) =>
      readFileSync(join(folder, `hutto_ICWSM_2014/${corpus}_GroundTruth.txt`), 'utf8')
        .split(/\r?\n/)
        .filter((line) => line !== '')
        .map((line) => {
          const [, rating, ...text] = line.split('\t');
          return { corpus, text: text.join('\t'), rating: Number(rating) };
        }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
