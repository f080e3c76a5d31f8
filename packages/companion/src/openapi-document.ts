import type { CompanionApp } from "./companion-env.ts";

const DESCRIPTION = `Uploads of audio, straight from the browser to DigitalOcean Spaces.

Sizes are bytes, instants ISO 8601 in UTC, \`expiresIn\` seconds. Every failure is \`{"error": {"code", "message", "details?"}}\`;
programs go by \`code\`. Send \`Idempotency-Key\` with what creates, and repeat freely. The routes under \`/s3\` are those of Uppy
Companion, for an unmodified \`@uppy/aws-s3\`; with a token from \`POST /v1/s3-tokens\` they are also found under
\`/s3-token/{token}/s3\`.`;

export function addOpenApiDocument(app: CompanionApp): void {
  let document: object | undefined;
  app.get("/openapi.json", (c) => {
    document ??= createDocument(app);
    return c.json(document);
  });
}

function createDocument(app: CompanionApp): object {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "AudioTricks uploads", version: "1.0.0", description: DESCRIPTION },
    security: [{ bearer: [] }],
  });
  // The same routes a second time, with the token in front: said once, in words.
  const paths = Object.entries(document.paths ?? {}).filter(([path]) => !path.includes("/s3-token/"));
  return withoutFlags({ ...document, paths: Object.fromEntries(paths) });
}

/** Patterns as JSON Schema has them, always of Unicode: the generator leaves the end of a literal with a flag, `/u`, in the text. */
function withoutFlags<Part>(part: Part): Part {
  const text = JSON.stringify(part, (key, value: unknown) =>
    key === "pattern" && typeof value === "string" ? value.replace(/\/u$/, "") : value,
  );
  return JSON.parse(text) as Part;
}
