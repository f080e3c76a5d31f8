/** What `apps/gallery` shows of this package beside what is public; not published. */
export { UploaderView } from "./uploader-view.tsx";
export { EMPTY_UPLOADS, totalsOf } from "./uploads-state.ts";
