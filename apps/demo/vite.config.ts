import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The companion of `npm start`; the page and the API are one origin there, and look like one here. */
const companion = `http://127.0.0.1:${process.env.PORT ?? "3000"}`;

export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/v1": companion, "/s3": companion, "/demo": companion } },
  worker: { format: "es" },
  // Nothing inline: the page is served with a policy that allows only its own files.
  build: { assetsInlineLimit: 0, target: "es2023", sourcemap: true, chunkSizeWarningLimit: 600 },
});
