export { convertRows } from './convert-rows.ts';
export type { ConvertRows } from './convert-rows.ts';
