import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseEnvelopeKey, parseKeyring, readKeyring } from "./keyring.ts";

const makeKey = () => randomBytes(32).toString("base64");

describe("parseEnvelopeKey", () => {
  it.each([
    "",
    "short",
    randomBytes(31).toString("base64"),
    randomBytes(33).toString("base64"),
    "!".repeat(44),
  ])("refuses the key %j and names the setting", (text) => {
    expect(() => parseEnvelopeKey(text)).toThrow(/STORAGE_ENCRYPTION_KEY must be 32 bytes/);
  });
});

describe("parseKeyring", () => {
  it("keeps the order, whatever is between", () => {
    const keys = [makeKey(), makeKey(), makeKey()];
    const ids = keys.map((key) => parseEnvelopeKey(key).id);
    for (const between of [" ", ",", ", ", "\n", "\r\n"])
      expect(parseKeyring(`${keys.join(between)}\n`).map(({ id }) => id)).toEqual(ids);
  });

  it.each([
    ["", /must be 32 bytes/],
    [`${makeKey()} nonsense-that-is-secret`, /must be 32 bytes/],
  ])("refuses %#, and repeats nothing of it", (text, message) => {
    expect(() => parseKeyring(text)).toThrow(message);
    expect(() => parseKeyring(text)).not.toThrow(/nonsense/);
  });

  it("refuses the same key twice", () => {
    const key = makeKey();
    expect(() => parseKeyring(`${key} ${key}`)).toThrow(/twice/);
  });
});

describe("readKeyring", () => {
  it("takes it from the environment or a file, and never from both", () => {
    const directory = mkdtempSync(join(tmpdir(), "at-keyring-"));
    try {
      const [key, file] = [makeKey(), join(directory, "keys")];
      writeFileSync(file, `${key}\n${makeKey()}\n`);
      const ids = (text: string | undefined) => parseKeyring(text ?? "").map(({ id }) => id);
      expect(readKeyring({})).toBeUndefined();
      expect(readKeyring({ STORAGE_ENCRYPTION_KEY: "" })).toBeUndefined();
      expect(readKeyring({ STORAGE_ENCRYPTION_KEY: key })).toBe(key);
      expect(ids(readKeyring({ STORAGE_ENCRYPTION_KEY_FILE: file }))).toHaveLength(2);
      const both = { STORAGE_ENCRYPTION_KEY: key, STORAGE_ENCRYPTION_KEY_FILE: file };
      expect(() => readKeyring(both)).toThrow(/not both/);
      expect(() => readKeyring({ STORAGE_ENCRYPTION_KEY_FILE: join(directory, "none") })).toThrow(
        /STORAGE_ENCRYPTION_KEY_FILE names cannot be read/,
      );
      writeFileSync(file, "");
      expect(() => readKeyring({ STORAGE_ENCRYPTION_KEY_FILE: file })).toThrow(/must be 32 bytes/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
