import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openSecret, parseEnvelopeKey, sealSecret } from "./secret-envelope.ts";

const key = parseEnvelopeKey(randomBytes(32).toString("base64"));
const rowId = randomUUID();
const FORMAT = /^(env:|enc:v1:[A-Za-z0-9+/=:_.-]{40,})$/;

describe("sealSecret", () => {
  it("gives back what was sealed, in the format the table accepts, and never the same envelope twice", () => {
    const [first, second] = [sealSecret("s3cret/€", rowId, key), sealSecret("s3cret/€", rowId, key)];
    expect(first).toMatch(FORMAT);
    expect(first).not.toBe(second);
    expect(openSecret(first, rowId, key)).toBe("s3cret/€");
    expect(sealSecret("", rowId, key)).toMatch(FORMAT);
  });

  it("does not open in another row, under another key, or changed in any byte", () => {
    const envelope = sealSecret("secret", rowId, key);
    const refused = expect.objectContaining({ code: "no_provider" });
    expect(() => openSecret(envelope, randomUUID(), key)).toThrow(refused);
    expect(() => openSecret(envelope, rowId, parseEnvelopeKey(randomBytes(32).toString("base64")))).toThrow(
      refused,
    );
    const [prefix, sealed] = [envelope.slice(0, 16), Buffer.from(envelope.slice(16), "base64")];
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(() => openSecret(prefix + changed.toString("base64"), rowId, key)).toThrow(refused);
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => openSecret(prefix + sealed.subarray(0, length).toString("base64"), rowId, key)).toThrow(
        refused,
      );
    }
  });

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
