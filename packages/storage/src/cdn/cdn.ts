/** A content delivery network before a bucket, as far as we ask anything of it. */
export interface Cdn {
  /**
   * Has it forget its copies of up to `MAX_PURGED` objects. Rejects if it does not say that it did.
   *
   * @param cdnId The vendor's id, as the provider's row has it.
   */
  purge(cdnId: string, keys: readonly string[]): Promise<void>;
}

/** DigitalOcean takes 50 files in 20 seconds, and 5 calls in 10. */
export const MAX_PURGED = 50;
export const PURGE_TURN_MS = 20_000;
