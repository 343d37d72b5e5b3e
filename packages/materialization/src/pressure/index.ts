export { createPressureReader } from './pressure-reader.ts';
export { pressureJson } from './read-pressure.ts';
export type { Pressure } from './read-pressure.ts';
