import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { parseClamdReply } from "./clamd-reply.ts";
import { type ScannedFile, type Scanner, ScannerUnavailable } from "./scanner.ts";

export interface ClamdOptions {
  /** Its TCP socket, or the path of its Unix socket. */
  address: { host: string; port: number } | { path: string };
  /** Bytes: its `StreamMaxLength`, of which 100 MiB are the default. A larger file is not sent. */
  maxFileSize?: number;
  /** How long it may say and take nothing. */
  silenceMs?: number;
}

/** ClamAV's default. */
export const CLAMD_STREAM_MAX_LENGTH = 100 * 1024 ** 2;
const MAX_REPLY = 4096;
/** Longer than clamd's own `MaxScanTime`. */
const SILENCE_MS = 180_000;
const CHUNK = 256 * 1024;
const MAX_ATTEMPTS = 4;

/**
 * ClamAV's daemon, by `INSTREAM`: the file goes through a socket, so clamd may run elsewhere and reads no path of ours. It speaks in
 * the clear and asks nobody who they are: its socket belongs into a network of your own.
 */
export function createClamd(options: ClamdOptions): Scanner {
  const { address, maxFileSize = CLAMD_STREAM_MAX_LENGTH, silenceMs = SILENCE_MS } = options;
  return {
    scan: async (file, { signal }) => {
      if (file.size > maxFileSize) return { outcome: "too_large", limit: maxFileSize };
      for (let attempt = 1; ; attempt++) {
        try {
          return parseClamdReply(await exchange(file, { address, silenceMs, signal }));
        } catch (error) {
          // It hangs up on what is more than it takes, and its word of that is lost where we were just writing.
          if (isHangUp(error) && attempt < MAX_ATTEMPTS) continue;
          // What the store did while it was read stays what it is.
          throw isOfSocket(error)
            ? new ScannerUnavailable("clamd cannot be reached", { cause: error })
            : error;
        }
      }
    },
  };
}

interface Line extends Pick<ClamdOptions, "address"> {
  silenceMs: number;
  signal: AbortSignal;
}

/** Sends all there is, or until clamd has heard enough. @returns What it answered. */
async function exchange(file: ScannedFile, { address, silenceMs, signal }: Line): Promise<string> {
  signal.throwIfAborted();
  const socket = connect(address);
  const cutOff = () => socket.destroy(new ScannerUnavailable("the scan took too long, or was cut off"));
  signal.addEventListener("abort", cutOff);
  socket.setTimeout(silenceMs, () => socket.destroy(new ScannerUnavailable("clamd does not answer")));
  const reply = readReply(socket);
  const heard = reply.then(
    () => true,
    () => true,
  );
  /** Waits until it was taken. @returns Whether there is an answer already. */
  const write = async (bytes: Uint8Array): Promise<boolean> => {
    // What came meanwhile is read before anything is written that could fail.
    await turn();
    await turn();
    if (socket.destroyed) return true;
    const taken = new Promise<false>((resolve) => socket.write(bytes, () => resolve(false)));
    return await Promise.race([heard, taken]);
  };
  try {
    await once(socket, "connect");
    await write(Buffer.from("zINSTREAM\0"));
    for await (const chunk of chunksOf(file.read())) {
      // By its length alone it knows that it is too much.
      if ((await write(lengthOf(chunk.length))) || (await write(chunk))) return await reply;
    }
    await write(lengthOf(0));
    return await reply;
  } finally {
    signal.removeEventListener("abort", cutOff);
    socket.destroy();
  }
}

async function* chunksOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces)
    for (let offset = 0; offset < piece.length; offset += CHUNK) yield piece.subarray(offset, offset + CHUNK);
}

function lengthOf(length: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

function readReply(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (more: string) => {
      text += more;
      if (text.includes("\0") || text.length > MAX_REPLY) resolve(text);
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

function isOfSocket(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
function isHangUp(error: unknown): boolean {
  return isOfSocket(error) && /^(?:EPIPE|ECONNRESET)$/.test(String((error as NodeJS.ErrnoException).code));
}
