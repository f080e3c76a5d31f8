import type { Socket } from "node:net";
import { MAX_FRAME_BYTES, PIECE_BYTES } from "./frames.ts";

/** Lines that are no frames: the connection is of no use any more. */
export class FrameError extends Error {}

/**
 * The lines of a connection, parsed as JSON, until the other side has ended it. What comes after the last line end is
 * nothing.
 *
 * @throws {FrameError} For a line that is too long or no JSON.
 */
export async function* readFrames(socket: Socket): AsyncGenerator<unknown> {
  let rest = Buffer.alloc(0);
  for await (const bytes of socket as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      if (end >= MAX_FRAME_BYTES) throw new FrameError("a frame is too long");
      const line = rest.toString("utf8", 0, end);
      rest = rest.subarray(end + 1);
      yield parse(line);
    }
    if (rest.length >= MAX_FRAME_BYTES) throw new FrameError("a frame is too long");
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new FrameError("a frame is no JSON", { cause });
  }
}

/** Resolves when the system has taken it; at once where the connection is gone. */
export async function sendFrame(socket: Socket, frame: object): Promise<void> {
  if (socket.destroyed || socket.writableEnded) return;
  await new Promise<void>((resolve) => void socket.write(`${JSON.stringify(frame)}\n`, () => resolve()));
}

/** As much as goes into one frame, base64. */
export function* piecesOf(bytes: Uint8Array): Generator<string> {
  for (let start = 0; start < bytes.length; start += PIECE_BYTES)
    yield Buffer.from(bytes.subarray(start, start + PIECE_BYTES)).toString("base64");
}
