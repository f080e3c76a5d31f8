import { describe, expect, it } from "vitest";
import { describeError, withoutSecrets } from "./logger.ts";

describe("withoutSecrets", () => {
  it.each([
    ["PUT https://b.example/k?X-Amz-Credential=AK%2F1&X-Amz-Signature=abcdef", "abcdef"],
    ["connect postgres://user:hunter2@db:5432/x failed", "hunter2"],
    ["authorization: Bearer eyJhbGciOi.eyJzdWIi.c2ln", "eyJzdWIi"],
    ["GET /s3-token/0123456789abcdef/s3/params", "0123456789abcdef"],
    ["GET /s/0123456789abcdef0123456789abcdef01234567890", "0123456789abcdef"],
    ["DELETE /v1/s3-tokens/0123456789abcdef", "0123456789abcdef"],
  ])("takes the secret out of %j", (text, secret) => {
    expect(withoutSecrets(text)).not.toContain(secret);
  });

  it("leaves what is no secret", () => {
    const text = "ENOENT: no such file or directory, open '/srv/data/x' at https://a.example/b?c=d";
    expect(withoutSecrets(text)).toBe(text);
  });
});

describe("describeError", () => {
  it("says what went wrong, of errors and of copies of them, and chooses what it says", () => {
    const error = Object.assign(new Error("no connection"), { code: "ECONNRESET", detail: "a row" });
    expect(describeError(error)).toEqual({
      type: "Error",
      message: "no connection",
      code: "ECONNRESET",
      stack: error.stack,
    });
    const { message, stack, code, detail } = error;
    expect(describeError({ message, stack, code, detail, queue: "sweep" })).toEqual(describeError(error));
    expect(describeError("nothing more")).toEqual({ message: "nothing more" });
  });
});
