/** A piece of a file that is uploaded, which knows of what it was cut. */
export type Piece = Blob & { id?: string; offset?: number };

/** Who else wants what is read, while somebody does. Kept here for all that is read in this thread: there is one engine in a worker. */
export const readAlong: { heard?: (piece: Piece, offset: number, bytes: Uint8Array) => void } = {};
