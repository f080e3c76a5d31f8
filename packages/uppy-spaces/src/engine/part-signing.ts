import type { PartUrl } from "@audiotricks/protocol/messages";
import { callFailed } from "./file-failures.ts";
import type { FileWork } from "./file-work.ts";
import { HoldOff } from "./hold-off.ts";
import { asUploadError } from "./session-creator.ts";
import { type Transfer, todoParts } from "./upload-machine.ts";
import { UrlWindow } from "./url-window.ts";

/** URLs are fetched when fewer than this many times the lanes are left. */
const SIGN_AHEAD = 4;
const MAX_SIGN_BATCH = 100;

/** Keeps signed URLs ahead of one file's PUTs, and tells the companion on the way which parts are finished. */
export class PartSigning {
  readonly hold: HoldOff;
  readonly urls: UrlWindow;
  readonly #file: FileWork;
  #finished: { partNumber: number; etag: string }[] = [];
  #isAsking = false;

  constructor(file: FileWork) {
    this.#file = file;
    this.hold = new HoldOff(file.context);
    this.urls = new UrlWindow(file.context.clock, file.context.hosts);
  }

  /** A new session, with its first URLs. `askedAt`: when the request was sent, on the clock. */
  begin(urls: readonly PartUrl[], askedAt: number): void {
    this.urls.clear();
    this.urls.add(urls, askedAt);
    this.#finished = [];
  }

  finished(partNumber: number, etag: string): void {
    this.#finished.push({ partNumber, etag });
  }

  async sign(transfer: Transfer): Promise<void> {
    if (this.#isAsking || this.hold.isActive) return;
    const { context, signal, source } = this.#file;
    const { clock, lanes, hosts, client, flights } = context;
    const ahead = SIGN_AHEAD * lanes;
    const partNumbers = this.urls.toSign(todoParts(transfer), { ahead, most: MAX_SIGN_BATCH });
    if (partNumbers.length === 0) return;
    const { sessionId } = transfer.plan;
    const finished = this.#finished;
    this.#isAsking = true;
    const askedAt = clock.now();
    try {
      const avoidOrigins = hosts.outOfReach();
      const request = {
        partNumbers,
        ...(finished.length > 0 && { finished }),
        ...(avoidOrigins.length > 0 && { avoidOrigins }),
      };
      const asked = client.signParts(sessionId, request, { signal });
      const { urls } = await flights.during(source.id, "signing", asked);
      if (signal.aborted) return;
      this.#isAsking = false;
      this.hold.succeeded();
      this.urls.add(urls, askedAt, avoidOrigins);
      this.#finished = this.#finished.slice(finished.length);
    } catch (error) {
      if (signal.aborted) return;
      this.#isAsking = false;
      const tookMs = clock.now() - askedAt;
      callFailed(this.#file, asUploadError(error), { sessionId, hold: this.hold, tookMs });
    }
    context.schedule();
  }

  abandon(): void {
    this.urls.clear();
    this.#isAsking = false;
    this.hold.reset();
  }
}
