import { currentNode } from "./current-node.mjs";
import { buildDemo } from "./demo-build.mjs";

await buildDemo(currentNode(), console.log);
