export { checkComputed, checkValues } from './check-features.ts';
export type { CheckedValues } from './check-features.ts';
