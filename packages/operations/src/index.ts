export { readStatus } from './status/read-status.ts';
export type { Status, StatusDeps } from './status/read-status.ts';
export { statusJson } from './status/status-json.ts';
