/** core's `RowOrder`, newest first, as history's index and every question for the newest row spell it. */
export const NEWEST_FIRST = 'event_timestamp desc, created_timestamp desc, revision desc';
