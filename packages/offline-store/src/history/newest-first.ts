/** core's `RowOrder`, newest first, as used in history's index and in every query for the newest row. */
export const NEWEST_FIRST = 'event_timestamp desc, created_timestamp desc, revision desc';
