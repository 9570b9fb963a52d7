// What the core refuses, so that TypeScript can say it first and name the user's own field.
// crates/plan decides these numbers; a test reads them there and compares.

/** The most workers that a plan may ask for. */
export const MOST_WORKERS = 1024;

/** The most endpoints that `least` draws for one choice. */
export const MOST_CHOICES = 32;

/** The deepest stack that a cost program may need. */
export const COST_STACK = 8;

/** The most parts of a line of the access log. */
export const MOST_LOG_PARTS = 200;

/** The most bytes of a line of the access log that are the same in every line. */
export const MOST_LOG_TEXT = 4 * 1024;

/** The most bytes that the first line of a head may be allowed. */
export const MOST_LINE = 32 * 1024;

/** The most bytes that the field lines of a head may be allowed. */
export const MOST_FIELDS = 64 * 1024;

/** The most bytes that the body of an answer of ours may have. */
export const MOST_ANSWER = 64 * 1024;

/** The statuses of answers of our own that are no plain success. */
export const ANSWERED = [400, 404, 405, 408, 413, 414, 417, 421, 431, 500, 501, 502, 503, 504, 505, 508] as const;

/** The most fields that a head may be allowed. */
export const MOST_COUNT = 128;
