import { ceiling } from "./ceiling.ts";
import type { Contender } from "./contender.ts";
import { engine } from "./engine.ts";
import { peerContender } from "./peer-contender.ts";

/** In the order in which they take turns. */
export const CONTENDERS: readonly Contender[] = [
  ceiling,
  engine,
  peerContender({
    name: "uppy-5.1.0",
    title: "@uppy/aws-s3 5.1.0",
    isOneLane: false,
    program: "companion.ts",
  }),
  peerContender({
    name: "uppy-6.3.1",
    title: "@uppy/aws-s3 6.3.1",
    isOneLane: true,
    program: "companion.ts",
  }),
  peerContender({
    name: "better-upload",
    title: "better-upload 3.0.19",
    isOneLane: false,
    program: "better-upload.ts",
  }),
  peerContender({
    name: "tus",
    title: "tus-js-client 4.3.1, @tus/server 2.4.5",
    isOneLane: true,
    program: "tus.ts",
    // What its store knows about an upload.
    ignoredEnding: ".info",
  }),
];
