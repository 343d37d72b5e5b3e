export { scoreFile } from './score-file.ts';
export type { ScoredFile, ScoreProgress } from './score-file.ts';
