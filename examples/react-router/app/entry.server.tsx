import { renderToReadableStream } from "react-dom/server";
import { type EntryContext, ServerRouter } from "react-router";

/** Adds a Content-Security-Policy with a nonce for the router's inline scripts. "connect-src" names the companion and the bucket. */
export default async function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  routerContext: EntryContext,
) {
  const nonce = crypto.randomUUID();
  headers.set("content-type", "text/html");
  // Vite's development server has inline scripts of its own.
  if (import.meta.env.PROD) {
    headers.set(
      "content-security-policy",
      `default-src 'none'; script-src 'self' 'nonce-${nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' http://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
  }
  const body = await renderToReadableStream(
    <ServerRouter context={routerContext} url={request.url} nonce={nonce} />,
    { nonce, signal: request.signal },
  );
  return new Response(body, { status, headers });
}
