import { readAlong } from "./read-along.ts";

/** Bytes that may be handed on before anybody answers: some files begin to be read before whoever listens is loaded. */
const FIRST_CREDIT = 16 * 1024 * 1024;

/** What is said of each window that is read, in whatever order windows are. */
export interface HeardWindow {
  /** Of the file, as the page calls it. */
  id: string;
  /** Of the first byte, in the file. */
  offset: number;
  size: number;
  /** `null` where there is no credit left: whoever hears it reads them again, and the upload waits for nobody. */
  bytes: Uint8Array<ArrayBuffer> | null;
}

/** Hands on what is read to be hashed, as copies: others are written over it. The last port that is given is the one that hears. */
export function handOn(port: MessagePort): void {
  let credit = FIRST_CREDIT;
  port.onmessage = ({ data }: MessageEvent<{ credit: number }>) => {
    credit += data.credit;
  };
  readAlong.heard = ({ id, offset: start }, offset, window) => {
    if (id === undefined || start === undefined) return;
    const size = window.length;
    const place = { id, offset: start + offset, size };
    if (credit < size) return port.postMessage({ ...place, bytes: null } satisfies HeardWindow);
    credit -= size;
    const bytes = new Uint8Array(window);
    port.postMessage({ ...place, bytes } satisfies HeardWindow, [bytes.buffer]);
  };
}
