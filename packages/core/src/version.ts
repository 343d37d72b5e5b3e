/** The version of Larder that this process runs; a test keeps it equal to the packages'. */
export const LARDER_VERSION = '0.1.0';
