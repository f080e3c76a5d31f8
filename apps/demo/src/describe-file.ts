import { describeAudio, describeLevel, formatBytes, type UploadLibrary } from "@audiotricks/upload-react";

export type LibraryFile = UploadLibrary["files"][number];

/** By the end of its key, which stays when a file is renamed: Ogg and Opus have one type. */
const KINDS: Record<string, string> = {
  mp3: "MP3",
  wav: "WAV",
  m4a: "M4A",
  flac: "FLAC",
  ogg: "Ogg",
  opus: "Opus",
};

/** State in plain words, and whether the bytes can be had. */
export function describeState({ state, scan }: Pick<LibraryFile, "state" | "scan">): {
  text: string;
  isReadable: boolean;
} {
  if (scan === "held" && state !== "deleting") return { text: "Being checked", isReadable: false };
  switch (state) {
    case "stored":
    case "processed":
      return { text: "Ready", isReadable: true };
    case "processing":
      return { text: "Being processed", isReadable: true };
    case "uploading":
      return { text: "Still arriving", isReadable: false };
    case "quarantined":
      return { text: "Held back for a check", isReadable: false };
    case "archived":
      return { text: "Archived", isReadable: false };
    case "recalling":
      return { text: "Coming back from the archive", isReadable: false };
    case "deleting":
    case "deleted":
      return { text: "Deleted", isReadable: false };
    case "failed":
      return { text: "Failed", isReadable: false };
  }
}

/** `"MP3 · 4.2 MB · 12 Nov 2026, 14:03"`, or `"3:41 · MP3 · 48 kHz · stereo · 4.2 MB · …"` once the server has looked into it. */
export function describeFacts(file: LibraryFile): string {
  const added = new Date(file.createdAt).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  const kind = KINDS[file.key.slice(file.key.lastIndexOf(".") + 1)] ?? file.type;
  return [describeAudio(file.sound ?? null) ?? kind, formatBytes(file.size), added].join(" · ");
}

/** Who else reads it; `null` for nobody. `"Public, not yet everywhere"` while the store has not followed. */
export function describeReaders({
  accessLevel,
  accessChanging,
}: Pick<LibraryFile, "accessLevel" | "accessChanging">): string | null {
  if (accessChanging === true)
    return accessLevel === "public" ? "Public, not yet everywhere" : "Not public, but not yet everywhere";
  return accessLevel === "private" ? null : describeLevel(accessLevel).title;
}
