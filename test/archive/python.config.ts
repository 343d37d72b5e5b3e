/** Set by `npm run test:archive` and `npm run test:spark`: Python with the libraries, or absent. */
export const READERS_PYTHON = process.env['LARDER_TEST_READERS_PYTHON'];
export const SPARK_PYTHON = process.env['LARDER_TEST_SPARK_PYTHON'];
