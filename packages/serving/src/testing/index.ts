export { AD_CTR_WEIGHTS, IMPUTED, openFixture, putRows } from './open-fixture.ts';
export type { FixtureConfig, FixtureRow } from './open-fixture.ts';
export { adCtrScore } from './ad-ctr-score.ts';
export type { AdCtrInput } from './ad-ctr-score.ts';
export { fixturePredictor } from './predictor-fixture.ts';
export type { FixturePredictorOptions } from './predictor-fixture.ts';
export { test as windowsTest } from './windows-test.ts';
export type { WindowsServed } from './windows-test.ts';
