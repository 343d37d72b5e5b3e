export { createPressureReader } from './pressure-reader.ts';
export { pressureJson, readPressure } from './read-pressure.ts';
export type { Pressure } from './read-pressure.ts';
