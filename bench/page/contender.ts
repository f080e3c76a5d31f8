/** What a contender's server tells its page. */
export type Settings = Record<string, unknown>;

/** Uploads all files; settles when the contender says that they are stored, rejects when it gives one up. */
export type Upload = (files: File[]) => Promise<void>;
