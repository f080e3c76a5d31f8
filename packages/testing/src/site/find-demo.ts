import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where the demo is: beside what is published, or in the repository, where `scripts/build-demo.mjs` builds it. */
const PLACES = ["./demo", "../../../../apps/demo/dist"];

/** The folder of the demo's built page. @throws If there is none. */
export function findDemo(): string {
  const folders = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = folders.find((folder) => existsSync(`${folder}/index.html`));
  if (found === undefined) throw new Error("The demo is not built: run `node scripts/build-demo.mjs`.");
  return found;
}
