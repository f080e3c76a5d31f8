import { describe, expect, it } from "vitest";
import { storeOperation, storeOutcome } from "./store-operation.ts";

describe("the call of S3 behind a request", () => {
  it.each([
    ["HEAD", "/audio", false, "head"],
    ["HEAD", "/audio/a/b.wav", false, "head"],
    ["GET", "/audio/a/b.wav?x-id=GetObject", false, "get"],
    ["GET", "/audio/a/b.wav?uploadId=1&x-id=ListParts", false, "list_parts"],
    ["GET", "/audio?uploads=", false, "list_uploads"],
    ["GET", "/audio?prefix=a&marker=", false, "list_objects"],
    ["PUT", "/audio/a/b.wav?x-id=CopyObject", true, "copy"],
    ["PUT", "/audio/a/b.wav?partNumber=1&uploadId=1", true, "copy"],
    ["PUT", "/audio/a/b.wav?partNumber=1&uploadId=1", false, "upload_part"],
    ["PUT", "/audio/a/b.wav", false, "put"],
    ["POST", "/audio/a/b.wav?uploads=", false, "create_upload"],
    ["POST", "/audio/a/b.wav?uploadId=1", false, "complete_upload"],
    ["POST", "/audio?delete=", false, "delete"],
    ["DELETE", "/audio/a/b.wav?uploadId=1", false, "abort_upload"],
    ["DELETE", "/audio/a/b.wav?x-id=DeleteObject", false, "delete"],
    ["PURGE", "/audio/a/b.wav", false, "other"],
  ])("is told from %s %s", (method, path, isCopy, operation) => {
    expect(storeOperation(method, path, isCopy)).toBe(operation);
  });
});

it("takes 'it is not there' for an answer, and 'slow down' for what it is", () => {
  const outcomes = [200, 206, 304, 404, 412, 403, 503, 429, 500].map(storeOutcome);
  expect(outcomes.join(" ")).toBe("ok ok ok ok ok refused slow_down slow_down failed");
});
