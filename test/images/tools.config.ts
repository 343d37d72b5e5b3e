/** Folder of the tools that `npm run test:images` has unpacked; undefined in `npm test`, which skips what needs them. */
export const IMAGE_TOOLS = process.env['LARDER_TEST_IMAGE_TOOLS'];
