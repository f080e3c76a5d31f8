const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const MONTH = "\\d{4}/(?:0[1-9]|1[0-2])";

/** As `object_key` in the migrations makes them: a file's id and an extension, under a prefix of its kind. */
const FINAL_KEY = new RegExp(
  `^(?:(?:audio/(?:uploads|processed|chunks|waveforms)|exports/(?:transcripts|bulk)|documents)/${MONTH}|static/(?:avatars|workspace-assets)|backups/(?:database|user-data))/${UUID}\\.[a-z0-9]{1,10}$`,
);
const TEMPORARY_KEY = new RegExp(`^temp/uploads/(${UUID})$`);

/** Where single PUTs land; the session's id is all that follows it. */
export const TEMPORARY_PREFIX = "temp/uploads/";

/** Where pipelines of the host's keep what they are at, with keys to the bucket of their own. */
export const PROCESSING_PREFIX = "temp/processing/";

/** All files of ours lie under one of these. */
export const FINAL_PREFIXES = ["audio/", "exports/", "documents/", "static/", "backups/"] as const;

/** Whether a key is of the form that a file of ours has. */
export function isOurKey(key: string): boolean {
  return FINAL_KEY.test(key);
}

/** The session whose single PUT lands at this key, if it is such a key. */
export function sessionOfTemporaryKey(key: string): string | undefined {
  return TEMPORARY_KEY.exec(key)?.[1];
}
