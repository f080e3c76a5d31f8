import { createCipheriv, randomBytes, randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type EnvelopeKey, parseEnvelopeKey } from "./keyring.ts";
import { describeEnvelope, openSecret, rewrapSecret, sealSecret } from "./secret-envelope.ts";

const makeKey = () => parseEnvelopeKey(randomBytes(32).toString("base64"));
const [key, otherKey] = [makeKey(), makeKey()];
const rowId = randomUUID();
const FORMAT = /^enc:v2:[0-9a-f]{8}:[A-Za-z0-9+/]{80}:[A-Za-z0-9+/]{38,}={0,2}$/;
const refused = expect.objectContaining({ code: "no_provider" });

/** As releases before this one wrote it. */
function sealAsBefore(secret: string, row: string, { id, bytes }: EnvelopeKey): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", bytes, iv, { authTagLength: 16 });
  cipher.setAAD(Buffer.from(`storage_providers/secret_access_key_encrypted/${row}/${id}`));
  const sealed = Buffer.concat([iv, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `enc:v1:${id}:${sealed.toString("base64")}`;
}

describe("sealSecret", () => {
  it("gives back what was sealed, in the format the table accepts, and never the same envelope twice", () => {
    const [first, second] = [sealSecret("s3cret/€", rowId, key), sealSecret("s3cret/€", rowId, key)];
    expect(first).toMatch(FORMAT);
    expect(first.split(":").slice(3)).not.toEqual(second.split(":").slice(3));
    expect(openSecret(first, rowId, [otherKey, key])).toBe("s3cret/€");
    expect(sealSecret("", rowId, key)).toMatch(FORMAT);
    expect(openSecret(sealSecret("", rowId, key), rowId, [key])).toBe("");
    expect(describeEnvelope(first)).toEqual({ keyId: key.id, hasDataKey: true });
  });

  it("does not open in another row, under another key, or with another secret's data key", () => {
    const envelope = sealSecret("secret", rowId, key);
    expect(() => openSecret(envelope, randomUUID(), [key])).toThrow(refused);
    expect(() => openSecret(envelope, rowId, [otherKey])).toThrow(refused);
    expect(() => openSecret(envelope, rowId, [])).toThrow(refused);
    // The other key's id, whose bytes it was not wrapped with.
    expect(() => openSecret(envelope.replace(key.id, otherKey.id), rowId, [key, otherKey])).toThrow(refused);
    const [head, other] = [envelope.split(":").slice(0, 4), sealSecret("other", rowId, key).split(":")];
    expect(() => openSecret([...head, other[4]].join(":"), rowId, [key])).toThrow(refused);
  });

  it.each([3, 4])("does not open with any byte of field %i changed, or fewer of them", (field) => {
    const fields = sealSecret("secret", rowId, key).split(":");
    const bytes = Buffer.from(fields[field] ?? "", "base64");
    const openWith = (changed: Buffer) => () =>
      openSecret(fields.with(field, changed.toString("base64")).join(":"), rowId, [key]);
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(openWith(changed)).toThrow(refused);
    }
    for (let length = 0; length < bytes.length; length++)
      expect(openWith(bytes.subarray(0, length))).toThrow(refused);
    expect(openWith(bytes)()).toBe("secret");
  });
});

describe("openSecret", () => {
  it("opens what releases before this one sealed, and nothing that was changed in it", () => {
    const envelope = sealAsBefore("old secret", rowId, key);
    expect(openSecret(envelope, rowId, [otherKey, key])).toBe("old secret");
    expect(describeEnvelope(envelope)).toEqual({ keyId: key.id, hasDataKey: false });
    expect(() => openSecret(envelope, randomUUID(), [key])).toThrow(refused);
    const sealed = Buffer.from(envelope.slice(16), "base64");
    // A tag of four bytes would be a guess away.
    for (let length = 0; length < sealed.length; length++)
      expect(() =>
        openSecret(envelope.slice(0, 16) + sealed.subarray(0, length).toString("base64"), rowId, [key]),
      ).toThrow(refused);
  });

  it.each(["", "env:", "enc:v1:", "enc:v3:00000000:AAAA", "in plain text"])("refuses %j", (text) => {
    expect(() => openSecret(text, rowId, [key])).toThrow(refused);
    expect(describeEnvelope(text)).toBeUndefined();
  });
});

describe("rewrapSecret", () => {
  it("puts another key in the place of the one before, and leaves the sealed secret alone", () => {
    const envelope = sealSecret("secret", rowId, key);
    const rewrapped = rewrapSecret(envelope, rowId, [otherKey, key], otherKey);
    expect(rewrapped.split(":")[4]).toBe(envelope.split(":")[4]);
    expect(openSecret(rewrapped, rowId, [otherKey])).toBe("secret");
    expect(() => openSecret(rewrapped, rowId, [key])).toThrow(refused);
  });

  it("gives what was sealed before a data key of its own, and touches nothing that does not open", () => {
    const old = sealAsBefore("old secret", rowId, key);
    const rewrapped = rewrapSecret(old, rowId, [key], key);
    expect(rewrapped).toMatch(FORMAT);
    expect(openSecret(rewrapped, rowId, [key])).toBe("old secret");
    expect(() => rewrapSecret(old, randomUUID(), [key], otherKey)).toThrow(refused);
    expect(() => rewrapSecret(old, rowId, [otherKey], otherKey)).toThrow(refused);
  });
});
