/** Random histories, the naive join, and what an engine needs to be compared with it. */
export { drawJoinCase, joinProject, joinViews } from './point-in-time/draw-join-case.ts';
export { joinedValue } from './point-in-time/join-case.ts';
export type { Chunk, JoinCase, JoinedRow, JoinedValue, SpineRow } from './point-in-time/join-case.ts';
export { readJoinedCsv, spineCsv } from './point-in-time/joined-csv.ts';
export { createJoinHistories, landJoinCase } from './point-in-time/land-join-case.ts';
export { naiveJoin } from './point-in-time/naive-join.ts';
