/** Why something is aborted whose outcome nobody waits for any more. */
export const LET_GO = new DOMException("No longer wanted", "AbortError");
