/** Most bytes that are read of a file in all: for its facts, and for its cover with what is left of them. */
export const MAX_BYTES_READ = 1024 * 1024;
