export { standingJson, viewStandings } from './view-standings.ts';
export type { ViewStanding, ViewStandings } from './view-standings.ts';
export { viewAges } from './view-ages.ts';
export type { ViewAge } from './view-ages.ts';
