export { syncSchedulesIn } from './sync-schedules.ts';
export { listSchedules } from './list-schedules.ts';
export type { StandingSchedule } from './list-schedules.ts';
