import { partAt, UploadError } from "@audiotricks/protocol";
import { MAX_SIGN_BATCH, type PartUrl, type SignPartsRequest } from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { placeAgain } from "../places/place-again.ts";
import type { StorageContext } from "../storage-context.ts";
import { signPartUrls } from "./first-urls.ts";
import { openAtStore } from "./open-at-store.ts";
import { recordFinishedParts } from "./record-parts.ts";
import { getOwnSession, getSession, type Session, sessionNotOpen, storeOf } from "./session.ts";

/** URLs for parts of the caller's own open session. Extends nothing: a session ends when it was said to. */
export async function signParts(
  caller: CallerContext,
  sessionId: string,
  request: SignPartsRequest,
): Promise<PartUrl[]> {
  const partNumbers = [...new Set(request.partNumbers)];
  if (partNumbers.length === 0 || partNumbers.length > MAX_SIGN_BATCH) {
    throw new UploadError("invalid_request", `Ask for 1 to ${MAX_SIGN_BATCH} parts.`);
  }
  const found = await getOwnSession(caller, ACCESS.signParts, sessionId);
  const context = caller.work;
  requirePartsOfPlan(found, partNumbers);
  if (found.isExpired) throw sessionNotOpen(found);
  const session = await openAtStore(context, await elsewhereIfDown(context, found));
  if (session.state !== "active") throw sessionNotOpen(session);
  if (request.finished !== undefined) await recordFinishedParts(context, session, request.finished);
  const { avoidOrigins } = request;
  return signPartUrls(context, await storeOf(context, session), session, partNumbers, { avoidOrigins });
}

/** A single PUT has nothing to wait for where its bucket does not answer; what was begun in parts waits for them. */
async function elsewhereIfDown(context: StorageContext, session: Session): Promise<Session> {
  if (session.target.method !== "put" || session.state !== "active") return session;
  if (!(await storeOf(context, session)).isDown) return session;
  const isTaken = await placeAgain(context, { sessionId: session.id, token: null });
  return isTaken ? getSession(context, session.id) : session;
}

function requirePartsOfPlan(
  { fileSize, partSize, partCount }: Session,
  partNumbers: readonly number[],
): void {
  for (const partNumber of partNumbers) {
    try {
      partAt({ fileSize, partSize, partNumber });
    } catch (cause) {
      throw new UploadError(
        "invalid_request",
        `Part ${partNumber} is not among the ${partCount} parts of this file.`,
        {
          cause,
          details: { partNumber, partCount },
        },
      );
    }
  }
}
