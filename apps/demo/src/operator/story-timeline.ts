import type { UploadStory } from "@audiotricks/protocol/admin";
import { bytes, count, counted } from "./formats.ts";

/** One thing that happened, on whichever side. */
export interface Moment {
  at: string;
  /** Since the upload began. */
  afterMs: number;
  side: "browser" | "server" | "store" | "person" | "told";
  what: string;
  /** Whether somebody who looks for a fault should look here. */
  isBad: boolean;
  detail: string;
  durationMs: number | null;
}

type Told = Omit<Moment, "afterMs">;

/** Everything that is known of one upload, in the order in which it happened. */
export function timelineOf({
  session,
  file,
  parts,
  client,
  operations,
  audit,
  events,
}: UploadStory): Moment[] {
  const told: Told[] = [
    moment(session.createdAt, "server", "the upload began", `${session.method}, ${bytes(session.fileSize)}`),
    ...parts.flatMap(({ partNumber, uploadedAt, size, retries, error }) =>
      uploadedAt === null
        ? []
        : [
            {
              ...moment(
                uploadedAt,
                "browser",
                `part ${count(partNumber)} was reported`,
                [bytes(size), retries > 0 ? counted(retries, "retry", "retries") : "", error ?? ""]
                  .filter((word) => word !== "")
                  .join(", "),
              ),
              isBad: error !== null,
            },
          ],
    ),
    ...operations.map(({ at, call, type, status, success, durationMs, attempts, error, cause }) => ({
      ...moment(
        at,
        "store",
        call ?? type,
        [
          status === null ? "" : String(status),
          (attempts ?? 1) > 1 ? `${count(attempts)} attempts` : "",
          error ?? "",
          cause === null || cause === "request" ? "" : `by ${cause}`,
        ]
          .filter((word) => word !== "")
          .join(", "),
      ),
      isBad: success === false,
      durationMs,
    })),
    ...audit.map(({ at, action, outcome, userId, service, actor, times }) => ({
      ...moment(
        at,
        "person",
        action,
        [
          outcome === "done" ? "" : outcome,
          service ?? actor ?? userId ?? "",
          times > 1 ? `${times} times` : "",
        ]
          .filter((word) => word !== "")
          .join(", "),
      ),
      isBad: outcome !== "done",
    })),
    ...events.map(({ at, type, state, error }) => ({
      ...moment(at, "told", type, error ?? state),
      isBad: error !== null,
    })),
  ];
  if (client !== null)
    told.push({
      ...moment(client.at, "browser", "the browser told how it went", bytes(client.bytesSent)),
      durationMs: client.durationMs,
    });
  for (const [at, what] of [
    [session.completeSentAt, "the store was asked to put the parts together"],
    [session.completedAt, `the upload ended: ${session.state}`],
    [file.storedAt, "the file was stored, proved"],
    [file.deletedAt, "the file was deleted"],
  ] as const)
    if (at !== null) told.push(moment(at, "server", what, ""));
  const began = Date.parse(session.createdAt);
  return told
    .map((one) => ({ ...one, afterMs: Date.parse(one.at) - began }))
    .toSorted((a, b) => a.afterMs - b.afterMs);
}

function moment(at: string, side: Moment["side"], what: string, detail: string): Told {
  return { at, side, what, detail, isBad: false, durationMs: null };
}

/** What became of it, in one sentence. */
export function endingOf({ session, file }: UploadStory): string {
  const { state, stuck, errorCode, errorMessage } = session;
  if (stuck === "unfinished") return "The server should have ended it long ago: see that a worker runs.";
  if (stuck === "expired") return "Its time is over, and nobody has ended it: see that a worker runs.";
  if (stuck === "silent") return "Its browser has said nothing for an hour; it can still be resumed.";
  if (state === "failed") return `It failed: ${errorMessage ?? errorCode ?? "nobody knows why"}.`;
  if (state === "aborted") return "It was cancelled, or its time was over.";
  if (state === "completed") return `It was stored; the file is ${file.state} now.`;
  return "It is under way.";
}
