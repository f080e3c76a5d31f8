import type { UploadError } from "@audiotricks/protocol";
import type { CreatedUpload } from "@audiotricks/protocol/messages";
import type { EngineContext } from "./engine-context.ts";
import { announce, fingerprintOf, type UploadSource } from "./upload-source.ts";

/** `wanted`: go on. `cancelled`: nobody wants it any more. `left`: the page is going, somebody may come back for it. */
export type SessionPurpose = "wanted" | "cancelled" | "left";

/**
 * Asks for a session: the one that was begun earlier for such a file, here or elsewhere, where there is one and nobody else is
 * using it, or a new one. Whoever gets it holds it until released.
 */
export async function acquireSession(options: {
  source: UploadSource;
  mayResume: boolean;
  /** The session to go on with rather than with another, where it is known which. */
  first: string | null;
  context: EngineContext;
  purpose: () => SessionPurpose;
  /** An earlier session is held and about to be asked for; `null` once the companion has answered. */
  onOffered: (sessionId: string | null) => void;
  /** Returns whether the session was taken; if not, it is ended. `askedAt`: when the request was sent, on the clock. */
  onCreated: (session: CreatedUpload, askedAt: number) => boolean;
  onRefused: (error: UploadError) => void;
  onWait: (retryAt: number) => void;
}): Promise<void> {
  const { source, context, purpose, onOffered, onCreated, onRefused, onWait } = options;
  const { store, begunElsewhere, discarder, creator, log } = context;
  const fingerprint = fingerprintOf(source);

  const known = options.mayResume ? await store.claim(fingerprint, options.first) : null;
  const mayBeElsewhere = options.mayResume && known === null;
  const resume = mayBeElsewhere ? await begunElsewhere.claim(source) : known;
  const asked = () => {
    if (mayBeElsewhere) begunElsewhere.asked();
  };
  if (purpose() !== "wanted") {
    asked();
    if (resume === null) return;
    store.release(resume);
    if (purpose() === "cancelled") discarder.discard(resume);
    return;
  }
  onOffered(resume);
  creator.create({
    file: announce(source, resume),
    onCreated: (session, askedAt) => {
      const { sessionId } = session;
      onOffered(null);
      if (resume !== null && sessionId !== resume) {
        // The companion would not go on with it, so nobody else need ask again.
        store.forget(fingerprint, resume);
        store.release(resume);
      }
      store.hold(sessionId);
      store.remember(fingerprint, sessionId);
      asked();
      if (purpose() === "left") store.release(sessionId);
      else if (!onCreated(session, askedAt)) {
        store.forget(fingerprint, sessionId);
        store.release(sessionId);
        discarder.discard(sessionId);
      }
    },
    onRefused: (error) => {
      asked();
      onOffered(null);
      if (resume !== null) store.release(resume);
      onRefused(error);
    },
    onWait: (retryAt) => {
      log(`${source.name}: no session`);
      onWait(retryAt);
    },
  });
}
