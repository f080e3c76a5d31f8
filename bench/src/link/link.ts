import type { LaunchOptions } from "@playwright/test";

export interface LinkProfile {
  /** Each way. */
  bitsPerSecond: number;
  /** One way; half the round trip. */
  delayMs: number;
  /** Chance of each packet to be lost, 0 to 1, either way. */
  loss: number;
}

/** A wire between the browser and everything else. */
export interface Link extends AsyncDisposable {
  /** For reports: what carries the bytes. */
  readonly description: string;
  /**
   * Empties the wire, changes it, and counts from zero.
   *
   * @param profile `null` for no wire at all.
   * @param seed Of one seed the same packets are lost, by their place in the stream.
   */
  set(profile: LinkProfile | null, seed?: number): Promise<void>;
  /** How the browser is started so that it goes by the wire that was set last. */
  launchOptions(options: LaunchOptions): LaunchOptions;
  /** What arrived at the servers' side since `set`, TCP's own headers not counted; `null` where nobody counts. */
  sentBytes(): Promise<number | null>;
}
