import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/**
 * The server of `npm start`. The store must let this page in as well: start it with `ALLOWED_ORIGINS=http://localhost:5173`.
 */
const companion = { target: `http://127.0.0.1:${process.env.PORT ?? "3000"}`, changeOrigin: false };

export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/v1": companion, "/s3": companion, "/demo": companion } },
  worker: { format: "es" },
  // Nothing inline: the page is served with a policy that allows only its own files.
  build: { assetsInlineLimit: 0, target: "es2023", sourcemap: true, chunkSizeWarningLimit: 600 },
});
