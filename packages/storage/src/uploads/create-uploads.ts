import { createHash } from "node:crypto";
import { UploadError } from "@audiotricks/protocol";
import type { CreateUploadResult, NewUpload } from "@audiotricks/protocol/messages";
import type { CallerContext } from "../access/caller-context.ts";
import { mapConcurrently } from "../concurrency.ts";
import { findKindFlaw } from "../content-kinds.ts";
import { toToldBody } from "../providers/provider-error.ts";
import { isStorableText } from "../storable-text.ts";
import type { Principal } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { answerCreated } from "./answer-created.ts";
import { GROUP, newMark } from "./file-groups.ts";
import { activatePuts } from "./open-at-store.ts";
import { openTogether } from "./open-together.ts";
import { contradictsExtension, type Reservation, type Reserved, reserveUploads } from "./reserve.ts";
import { findResumableSession, findSessions, type Session } from "./session.ts";

/**
 * Begins a batch of uploads: finds those to go on with, makes room for the rest in one statement, sets them up at the
 * store, and answers each with its first URLs. Each file fails alone.
 */
export async function createUploads(
  caller: CallerContext<Principal>,
  files: readonly NewUpload[],
  { idempotencyKey, regions }: { idempotencyKey?: string; regions?: readonly string[] } = {},
): Promise<CreateUploadResult[]> {
  const context = caller.work;
  const found = await mapConcurrently(files, context.settings.storeConcurrency, (file) =>
    begin(caller, file),
  );
  const fresh = files.filter((_, index) => found[index] === undefined);
  const reserved = await reserveUploads(caller, fresh.map(toReservation), {
    origin: "v1",
    idempotencyKey,
    regions,
  });
  const begun = interleave(found, reserved);
  const { sessions, failures } = await loadSessions(context, begun);
  const urlsEach = shareUrls(context, sessions.size);

  return mapConcurrently(begun, context.settings.storeConcurrency, async (start, index) => {
    const clientId = files[index]?.clientId ?? "";
    try {
      if (start.outcome === "refused") throw start.error;
      const session = sessions.get(start.sessionId);
      if (session === undefined) throw new UploadError("internal", "The upload vanished while it was made.");
      const isResumed = start.outcome !== "created";
      const options = { isResumed, urlLimit: urlsEach, failure: failures.get(session.id) };
      return { clientId, session: await answerCreated(context, session, options) };
    } catch (error) {
      if (error instanceof UploadError) return { clientId, error: toToldBody(error, context.onError) };
      throw error;
    }
  });
}

type Begun = Reserved | { outcome: "resumed"; sessionId: string };

/** What can be said of a file before room is made for it; `undefined` if nothing. */
async function begin(context: CallerContext, file: NewUpload): Promise<Begun | undefined> {
  if (contradictsExtension(file.name, file.type)) {
    const error = new UploadError(
      "type_not_allowed",
      `The file is announced as ${file.type}, which its name is not.`,
      {
        details: { type: file.type },
      },
    );
    return { outcome: "refused", error };
  }
  const flaw = findKindFlaw(file);
  if (flaw !== undefined) return { outcome: "refused", error: flaw };
  const texts = [
    file.name,
    file.clientId,
    file.group?.name ?? "",
    ...Object.entries(file.metadata ?? {}).flat(),
  ];
  if (!texts.every(isStorableText)) {
    return {
      outcome: "refused",
      error: new UploadError("invalid_request", "Names and metadata must be whole Unicode text."),
    };
  }
  if (file.resume === undefined) return undefined;
  const { resume: sessionId, name, size, workspaceId } = file;
  const session = await findResumableSession(context, { sessionId, name, size, workspaceId });
  return session === undefined ? undefined : { outcome: "resumed", sessionId };
}

function toReservation(file: NewUpload): Reservation {
  const { clientId, resume: _resume, ...request } = file;
  const { name, size, contentType, category, workspaceId, metadata, method, group } = request;
  return {
    clientId,
    requestHash: createHash("sha256").update(canonicalJson(request)).digest("hex"),
    name,
    size,
    sizeKnown: true,
    contentType,
    ...(category === undefined ? {} : { contentCategory: category }),
    workspaceId: workspaceId ?? null,
    metadata: {
      ...metadata,
      ...(file.lastModified === undefined ? {} : { lastModified: file.lastModified }),
      ...(group === undefined ? {} : { [GROUP]: newMark(group) }),
    },
    method: method ?? null,
  };
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function interleave(found: readonly (Begun | undefined)[], reserved: readonly Reserved[]): Begun[] {
  const rest = reserved.values();
  return found.map((begun) => {
    const next = begun ?? rest.next().value;
    if (next === undefined) throw new Error("reserve_uploads answered fewer files than it was asked for");
    return next;
  });
}

/** As they are once those that were just born are set up, or could not be. */
async function loadSessions(
  context: StorageContext,
  begun: readonly Begun[],
): Promise<{ sessions: Map<string, Session>; failures: ReadonlyMap<string, UploadError> }> {
  const ids = begun.flatMap((start) => (start.outcome === "refused" ? [] : [start.sessionId]));
  const sessions = await findSessions(context, ids);
  const creating = [...sessions.values()].filter(({ state }) => state === "creating");
  if (creating.length === 0) return { sessions, failures: new Map() };
  const puts = creating.filter(({ target }) => target.method === "put");
  const activated = await activatePuts(
    context,
    puts.map(({ id }) => id),
  );
  const { opened, failures } = await openTogether(
    context,
    creating.filter(({ target }) => target.method === "multipart"),
  );
  const unknown = creating.filter(({ id }) => !activated.has(id) && !opened.has(id));
  const read = await findSessions(
    context,
    unknown.map(({ id }) => id),
  );
  for (const session of creating) {
    const uploadId = opened.get(session.id);
    if (uploadId !== undefined)
      sessions.set(session.id, { ...session, state: "active", target: { method: "multipart", uploadId } });
    else if (activated.has(session.id)) sessions.set(session.id, { ...session, state: "active" });
    else sessions.delete(session.id);
  }
  for (const session of read.values()) sessions.set(session.id, session);
  return { sessions, failures };
}

function shareUrls({ settings }: StorageContext, sessionCount: number): number {
  const share = Math.floor(settings.firstUrlsPerAnswer / Math.max(sessionCount, 1));
  return Math.max(1, Math.min(settings.firstUrlsPerSession, share));
}
