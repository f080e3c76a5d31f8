export type * from "./upload-status.ts";
