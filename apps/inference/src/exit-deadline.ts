/** How long after its drain a stopping service lives at most; orchestrators must wait longer than both. */
export const EXIT_DEADLINE_MS = 25_000;
