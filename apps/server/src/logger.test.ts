import { describe, expect, it } from "vitest";
import { createLogger, describeError, withoutSecrets } from "./logger.ts";

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

describe("a line of the log", () => {
  function lineOf(entry: object, message: string): Record<string, unknown> {
    let text = "";
    const write = (line: string) => {
      text += line;
    };
    createLogger({ logLevel: "info" }, { write }).warn(entry, message);
    expect(text.endsWith("\n")).toBe(true);
    return JSON.parse(text) as Record<string, unknown>;
  }

  it("has its level by name and its time as people and collectors read it", () => {
    expect(lineOf({ count: 1 }, "counted")).toEqual({
      level: "warn",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      pid: process.pid,
      count: 1,
      msg: "counted",
    });
  });

  it("has no secret in any of its texts, however deep, and stays what it was otherwise", () => {
    const signed = "https://b.example/k?X-Amz-Signature=abcdef";
    const at = new Date(0);
    const line = lineOf(
      { cause: signed, token: "t0ken", found: { list: [signed, 7, null], at, name: 'a "b".wav' } },
      "said",
    );
    expect(JSON.stringify(line)).not.toMatch(/abcdef|t0ken/);
    expect(line.found).toEqual({
      list: ["https://b.example/k?X-Amz-Signature=…", 7, null],
      at: at.toISOString(),
      name: 'a "b".wav',
    });
  });
});
