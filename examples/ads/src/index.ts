// Input
export { demoAds } from './catalogue/demo-ads.ts';
export type { AdDesign } from './catalogue/ad-design.ts';
export { badPicture, BAD_PICTURES } from './pictures/bad-pictures.ts';
export { drawPictures, readPictureIndex } from './pictures/draw-pictures.ts';
export type { DrawPicturesOptions, IndexedPicture, PictureIndex } from './pictures/draw-pictures.ts';
export { characterErrors, letters } from './pictures/character-errors.ts';
export { startFeed } from './feed.ts';
export type { Feed, FeedOptions } from './feed.ts';
export { seedAds } from './seed.ts';
export type { SeedOptions, SeedResult } from './seed.ts';
export { createAdsDatabase } from './ads-database.ts';
export { startScript } from './start-script.ts';
export type { RunningScript } from './start-script.ts';
// Traffic
export { requests } from './traffic.ts';
export type { AdRequest } from './traffic.ts';
export { measureLatencies } from './latencies.ts';
export type { Latencies } from './latencies.ts';
// The comparison
export { startInlineService } from './inline-service.ts';
export type { InlineService, InlineServiceOptions } from './inline-service.ts';
