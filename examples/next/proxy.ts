import { type NextRequest, NextResponse } from "next/server";

/** A Content-Security-Policy with a nonce, which Next.js gives its own inline scripts. "connect-src" names the companion and the bucket. */
export function proxy(request: NextRequest) {
  // React's development build evaluates strings.
  if (process.env.NODE_ENV !== "production") return NextResponse.next();
  const nonce = crypto.randomUUID();
  const policy = `default-src 'none'; script-src 'self' 'nonce-${nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; connect-src 'self' http://127.0.0.1:*; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;
  const headers = new Headers(request.headers);
  headers.set("content-security-policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}

export const config = { matcher: "/((?!_next/).*)" };
