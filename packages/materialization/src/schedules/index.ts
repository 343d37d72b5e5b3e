export { syncSchedulesIn } from './sync-schedules.ts';
