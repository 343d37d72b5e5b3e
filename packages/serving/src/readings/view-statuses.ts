export const PRESENT = 0;
export const NOT_FOUND = 1;
export const OUTSIDE_MAX_AGE = 2;
/** The bytes cannot be read: answered as not found, but reported in reasons, counts and the log. */
const UNREADABLE = 3;
/** Used only in counts: the store did not answer. */
export const UNAVAILABLE = 4;

/** Names indexed by status code. */
export const STATUS_NAMES = ['PRESENT', 'NOT_FOUND', 'OUTSIDE_MAX_AGE', 'UNREADABLE', 'UNAVAILABLE'] as const;

export const STATUS_CODES = { PRESENT, NOT_FOUND, OUTSIDE_MAX_AGE, UNREADABLE } as const;
