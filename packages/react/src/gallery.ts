/** What `apps/gallery` shows of this package beside what is public; not published. */
export type { RecorderState } from "./recorder-state.ts";
export { UploaderView } from "./uploader-view.tsx";
export { EMPTY_UPLOADS, totalsOf } from "./uploads-state.ts";
