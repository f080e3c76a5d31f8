import { UploadError } from "@audiotricks/protocol";
import { describe, expect, it } from "vitest";
import { isRefusal, type PutFailure, remedyForCall, remedyForPut } from "./failure-remedy.ts";

const http = (status: number): PutFailure => ({ kind: "http", status, retryAfterMs: null });
const first = { method: "multipart", failedBefore: 0 } as const;

describe("remedyForPut", () => {
  it.each<[PutFailure, ReturnType<typeof remedyForPut>]>([
    [{ kind: "network" }, { do: "resign", isNow: false }],
    [{ kind: "stalled" }, { do: "retry" }],
    [http(403), { do: "resign", isNow: true }],
    [http(404), { do: "resign", isNow: false }],
    [http(400), { do: "rehash" }],
    [http(503), { do: "retry" }],
    [http(429), { do: "retry" }],
  ])("%o → %o", (failure, remedy) => {
    expect(remedyForPut(failure, first)).toEqual(remedy);
  });

  it("waits before a second 403", () => {
    expect(remedyForPut(http(403), { ...first, failedBefore: 1 })).toEqual({ do: "resign", isNow: false });
  });

  it("takes a single PUT that must not replace anything, and was refused for that, for stored", () => {
    expect(remedyForPut(http(412), { method: "put", failedBefore: 0 })).toEqual({ do: "stored" });
    expect(remedyForPut(http(412), first)).toEqual({ do: "retry" });
  });

  it("does not count what may pass by itself as a refusal", () => {
    expect([500, 503, 429, 408].map((status) => isRefusal(http(status)))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect([400, 403, 404, 413].map((status) => isRefusal(http(status)))).toEqual([true, true, true, true]);
    expect(isRefusal({ kind: "network" })).toBe(false);
  });
});

describe("remedyForCall", () => {
  it.each([
    [new UploadError("session_not_found", ""), "session-lost"],
    [new UploadError("session_not_open", "", { details: { state: "aborted" } }), "session-lost"],
    [new UploadError("session_not_open", "", { details: { state: "failed" } }), "fail"],
    [new UploadError("session_not_open", "", { details: { state: "completing" } }), "session-completed"],
    [new UploadError("session_completed", ""), "session-completed"],
    [new UploadError("parts_missing", ""), "parts-missing"],
    [new UploadError("quota_exceeded", ""), "fail"],
    [new UploadError("unauthenticated", ""), "fail"],
    [new UploadError("too_many_sessions", ""), "retry"],
    [new UploadError("storage_unavailable", ""), "retry"],
    [new UploadError("internal", ""), "retry"],
  ] as const)("%s", (error, remedy) => {
    expect(remedyForCall(error)).toBe(remedy);
  });
});
