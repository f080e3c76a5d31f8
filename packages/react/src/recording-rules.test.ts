import type { QuotaScope } from "@audiotricks/protocol/messages";
import { describe, expect, it } from "vitest";
import { nameRecording } from "./name-recording.ts";
import { type RecordingTerms, refuseRecording, roomForRecording } from "./recording-rules.ts";

const MiB = 1024 * 1024;

function terms(more: Partial<RecordingTerms> = {}): RecordingTerms {
  const limits = { maxFileSize: 100 * MiB, allowedExtensions: ["mp3", "wav", "m4a", "flac", "ogg", "opus"] };
  return { limits, rules: {}, quotas: null, ...more };
}

function quota(more: Partial<QuotaScope> = {}): QuotaScope {
  return {
    scope: "user",
    id: "00000000-0000-4000-8000-000000000001",
    usedBytes: 0,
    reservedBytes: 0,
    limitBytes: null,
    usedFiles: 0,
    reservedFiles: 0,
    limitFiles: null,
    status: "normal",
    ...more,
  };
}

describe("refuseRecording", () => {
  it("has nothing against a recording where no rule is in its way", () => {
    expect(refuseRecording("ogg", null, terms())).toBeNull();
    expect(refuseRecording("m4a", 1, terms({ rules: { sampleRate: 44_100, channels: 1 } }))).toBeNull();
    expect(refuseRecording("ogg", 1, terms({ rules: { sampleRate: [44_100, 48_000] } }))).toBeNull();
    expect(refuseRecording("ogg", 1, terms({ rules: false }))).toBeNull();
  });

  it("says what the companion does not take", () => {
    const limits = { maxFileSize: 100 * MiB, allowedExtensions: ["wav", "m4a"] };
    expect(refuseRecording("ogg", null, terms({ limits }))).toMatchObject({
      error: { code: "type_not_allowed", details: { allowedExtensions: ["wav", "m4a"] } },
    });
    expect(refuseRecording("m4a", null, terms({ limits }))).toBeNull();
  });

  it("says that there is no room, in bytes or in files", () => {
    const bytes = quota({ limitBytes: 10 * MiB, usedBytes: 9 * MiB, reservedBytes: 1 });
    expect(refuseRecording("ogg", null, terms({ quotas: [quota(), bytes] }))).toMatchObject({
      error: { code: "quota_exceeded", details: { limitBytes: 10 * MiB } },
    });
    const files = quota({ scope: "workspace", limitFiles: 3, usedFiles: 2, reservedFiles: 1 });
    expect(refuseRecording("ogg", null, terms({ quotas: [files] }))).toMatchObject({
      error: { code: "quota_exceeded", details: { scope: "workspace", overBytes: 0, limitFiles: 3 } },
    });
    const room = quota({ limitBytes: 10 * MiB, usedBytes: 9 * MiB, limitFiles: 3, usedFiles: 2 });
    expect(refuseRecording("ogg", null, terms({ quotas: [room] }))).toBeNull();
  });

  it("says which rule of the page it would break, and does not mind those that only warn", () => {
    const asked = (rules: RecordingTerms["rules"], channels: number | null = null) =>
      refuseRecording("ogg", channels, terms({ rules }));
    expect(asked({ bitDepth: 24 })).toMatchObject({ finding: { code: "unknown", facts: ["bitDepth"] } });
    expect(asked({ sampleRate: 44_100 })).toMatchObject({ finding: { code: "sample_rate", found: 48_000 } });
    expect(asked({ sampleRate: 44_100, severity: "warn" })).toBeNull();
    // How many it has, is known once it may be used.
    expect(asked({ channels: 2 })).toBeNull();
    expect(asked({ channels: 2 }, 1)).toMatchObject({ finding: { code: "channels", found: 1 } });
    expect(asked({ channels: 2 }, 2)).toBeNull();
    // How long it will be, is up to whoever speaks.
    expect(asked({ minDurationSeconds: 30, maxDurationSeconds: 60 })).toBeNull();
  });
});

describe("roomForRecording", () => {
  it("is what is left of the smallest limit, less what the other container may take", () => {
    expect(roomForRecording(terms()).maxBytes).toBe(Math.floor(98 * MiB));
    const quotas = [quota({ limitBytes: 60 * MiB, usedBytes: 10 * MiB }), quota()];
    expect(roomForRecording(terms({ quotas })).maxBytes).toBe(49 * MiB);
    const limits = { maxFileSize: 5000 * MiB, allowedExtensions: ["ogg"] };
    expect(roomForRecording(terms({ limits })).maxBytes).toBeLessThan(256 * MiB);
  });

  it("ends a second before the page's rule would refuse it", () => {
    expect(roomForRecording(terms()).maxMs).toBeNull();
    expect(roomForRecording(terms({ rules: false })).maxMs).toBeNull();
    expect(roomForRecording(terms({ rules: { maxDurationSeconds: 60 } })).maxMs).toBe(59_000);
  });
});

describe("nameRecording", () => {
  it("is a word and the time, which any system takes as a name", () => {
    const name = nameRecording("Aufnahme", new Date(2026, 10, 3, 9, 4, 5), "ogg");
    expect(name).toBe("Aufnahme 2026-11-03 09.04.05.ogg");
  });
});
