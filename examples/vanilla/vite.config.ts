import { defineConfig } from "vite";

const companionUrl = process.env.VITE_COMPANION_URL ?? "http://127.0.0.1:3000";

export default defineConfig({
  // In place of a server of yours that knows who is signed in.
  server: { proxy: { "/demo/token": companionUrl } },
  preview: {
    headers: {
      // "connect-src" names the companion and the bucket.
      "content-security-policy":
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' http://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    },
  },
});
