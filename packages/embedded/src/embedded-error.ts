/** What keeps everything in one directory from being opened: a sentence for whoever starts it, with the mend. */
export class EmbeddedError extends Error {}
