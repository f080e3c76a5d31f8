import { z } from "zod";

// One JSON value a line, both ways. Bytes are base64: texts are cut anywhere.

/** Another one may understand other frames. */
export const PROTOCOL = 2;

/** Of a line, its end included. */
export const MAX_FRAME_BYTES = 64 * 1024;

/** Bytes of a text or file that go into one frame. */
export const PIECE_BYTES = 32 * 1024;

const bytes = z.base64().max(2 * PIECE_BYTES);

const run = z.strictObject({
  run: z.strictObject({
    args: z.array(z.string()).max(1000),
    isTyped: z.boolean(),
    /** Whoever may open the socket is believed who they are: they might write to the database as well. */
    actor: z.string().regex(/^\P{Cc}{1,300}$/u),
  }),
});
/** The command shall end. */
const interrupt = z.strictObject({ interrupt: z.literal(true) });
/** Answers to `read` and `more`: a piece, the end, or that it cannot be read. */
const input = z.union([
  z.strictObject({ data: bytes }),
  z.strictObject({ end: z.literal(true) }),
  z.strictObject({ unreadable: z.literal(true) }),
]);

/** The first frame of a client; there is one command a connection. */
export const firstFrame = run;
export const laterFrame = z.union([interrupt, input]);

export const serverFrame = z.union([
  z.strictObject({ hello: z.int() }),
  z.strictObject({ write: bytes }),
  z.strictObject({ say: bytes }),
  /** The file that an argument names, `-` for stdin: its first piece. */
  z.strictObject({ read: z.string() }),
  z.strictObject({ more: z.literal(true) }),
  z.strictObject({ exit: z.int().min(0).max(255) }),
]);

export type Input = z.infer<typeof input>;
export type ClientFrame = z.infer<typeof run> | z.infer<typeof laterFrame>;
export type ServerFrame = z.infer<typeof serverFrame>;
