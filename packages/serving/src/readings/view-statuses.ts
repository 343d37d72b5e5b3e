export const PRESENT = 0;
export const NOT_FOUND = 1;
export const OUTSIDE_MAX_AGE = 2;
/** Bytes stand there that cannot be read: answered as not found, but said so in reasons, counts and the log. */
const UNREADABLE = 3;
/** Only in counts: the store did not answer. */
export const UNAVAILABLE = 4;

/** By code. */
export const STATUS_NAMES = ['PRESENT', 'NOT_FOUND', 'OUTSIDE_MAX_AGE', 'UNREADABLE', 'UNAVAILABLE'] as const;

export const STATUS_CODES = { PRESENT, NOT_FOUND, OUTSIDE_MAX_AGE, UNREADABLE } as const;
