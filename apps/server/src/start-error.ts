/** Why the server cannot start, as a sentence for whoever starts it: what is wrong, and the mend. */
export class StartError extends Error {}
