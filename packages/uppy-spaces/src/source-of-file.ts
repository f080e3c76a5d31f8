import type { ContentKind, FileGroup } from "@audiotricks/protocol/messages";
import type { Body, Meta, UppyFile } from "@uppy/core/utils";
import type { UploadSource } from "./engine/upload-source.ts";

/** Uppy's file as the engine is told about it. */
export function sourceOfFile<M extends Meta, B extends Body>(
  file: UppyFile<M, B>,
  blob: Blob,
  options: {
    workspaceId: string | undefined;
    contentType?: ContentKind | undefined;
    metadataFields: readonly string[];
    shouldUseMultipart?: boolean | ((file: UppyFile<M, B>) => boolean) | undefined;
  },
): UploadSource {
  const { workspaceId, contentType, metadataFields, shouldUseMultipart } = options;
  const isMultipart =
    typeof shouldUseMultipart === "function" ? shouldUseMultipart(file) : shouldUseMultipart;
  const picked = blob instanceof File ? blob : null;
  const relativePath = file.meta.relativePath ?? picked?.webkitRelativePath;
  return {
    id: file.id,
    blob,
    name: file.meta.name || file.name,
    type: file.type ?? "",
    lastModified: picked?.lastModified ?? null,
    relativePath: typeof relativePath === "string" && relativePath !== "" ? relativePath : null,
    beside: besideOf(file.meta, metadataFields),
    workspaceId,
    contentType,
    method: isMultipart === undefined ? undefined : isMultipart ? "multipart" : "put",
  };
}

function besideOf(meta: Meta, fields: readonly string[]): UploadSource["beside"] {
  const metadata = Object.fromEntries(
    fields.flatMap((name) => {
      const value: unknown = meta[name];
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return text === undefined || value === null ? [] : [[name, text.slice(0, 1000)]];
    }),
  );
  const { group } = meta as { group?: FileGroup | null };
  return { ...(Object.keys(metadata).length === 0 ? {} : { metadata }), ...(group ? { group } : {}) };
}
