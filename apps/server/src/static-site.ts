import { existsSync } from "node:fs";
import { join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { every } from "hono/combine";
import { secureHeaders } from "hono/secure-headers";

/**
 * The demo's built files, and its page for every address of its own.
 *
 * @param root Folder of `index.html` and `assets/`.
 * @param storeOrigins Where a page that is loaded now may send and play bytes; not allowed to fail.
 */
export function createStaticSite(root: string, storeOrigins: () => Promise<readonly string[]>): Hono {
  const site = new Hono();
  site.use(pageHeaders(storeOrigins));
  if (!existsSync(join(root, "index.html"))) {
    site.all((c) => c.text("The demo is not built yet. Run npm start, which builds it.\n", 503));
    return site;
  }
  // Vite puts a hash of the content in each name under assets/: such a file never changes.
  site.use("/assets/*", cacheControl("public, max-age=31536000, immutable"), serveStatic({ root }));
  site.all("/assets/*", (c) => c.text("Not found", 404, { "Cache-Control": "no-store" }));
  site.use(cacheControl("no-cache"), serveStatic({ root }), serveStatic({ root, path: "index.html" }));
  return site;
}

function cacheControl(value: string): MiddlewareHandler {
  return async (c, next) => {
    await next();
    if (c.res.ok || c.res.status === 304) c.header("Cache-Control", value);
  };
}

function pageHeaders(storeOrigins: () => Promise<readonly string[]>): MiddlewareHandler {
  const stores = (c: Context) => String(c.get("storeOrigins"));
  const find: MiddlewareHandler = async (c, next) => {
    c.set("storeOrigins", (await storeOrigins()).join(" "));
    await next();
  };
  const headers = secureHeaders({
    strictTransportSecurity: false,
    referrerPolicy: "no-referrer",
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      // The uploader's worker hashes in WebAssembly; this allows that and no eval.
      scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
      workerSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", "data:", "blob:"],
      fontSrc: ["'self'"],
      manifestSrc: ["'self'"],
      connectSrc: ["'self'", stores],
      mediaSrc: ["'self'", "blob:", stores],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  });
  return every(find, headers);
}
