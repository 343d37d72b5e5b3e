/** The version of Larder that this process runs; equal to the packages' by a test. */
export const LARDER_VERSION = '0.1.0';
