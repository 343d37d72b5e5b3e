export { standingJson, viewStandings } from './view-standings.ts';
export type { ViewStanding, ViewStandings } from './view-standings.ts';
