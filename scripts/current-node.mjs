import { existsSync } from "node:fs";
import { inRoot, isWindows } from "./checkout.mjs";

/** From here on Node runs TypeScript as it is. */
const NEEDED = [22, 18];

/** Path of a Node that runs our source: this one where it is new enough, else the one that came with the dependencies. */
export function currentNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return process.execPath;
  const installed = inRoot("node_modules", "node", "bin", isWindows ? "node.exe" : "node");
  if (existsSync(installed)) return installed;
  throw new Error(
    `Node ${NEEDED.join(".")} or newer is needed, this is ${process.versions.node}, and the one among the dependencies is missing: ` +
      "remove node_modules and try again, or install a newer Node.",
  );
}
