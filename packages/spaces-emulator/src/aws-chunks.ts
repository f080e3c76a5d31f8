import { Transform, type TransformCallback } from "node:stream";
import { S3Error } from "./s3-error.ts";

/**
 * Takes the framing off an aws-chunked body: `size[;chunk-signature=…]\r\n bytes \r\n … 0 \r\n trailers \r\n`. The
 * signatures of single chunks are not checked; the seed signature in the headers is.
 */
export function decodeAwsChunks(): Transform {
  let pending: Buffer = Buffer.alloc(0);
  let left = 0;
  let state: "size" | "bytes" | "after-bytes" | "trailers" = "size";

  /** One step; `false` when more bytes are needed. */
  const step = (emit: (bytes: Buffer) => void): boolean => {
    switch (state) {
      case "trailers":
        pending = Buffer.alloc(0);
        return false;
      case "bytes": {
        const piece = pending.subarray(0, left);
        if (piece.length === 0) return false;
        emit(piece);
        pending = pending.subarray(piece.length);
        left -= piece.length;
        if (left === 0) state = "after-bytes";
        return true;
      }
      case "after-bytes":
        if (pending.length < 2) return false;
        pending = pending.subarray(2);
        state = "size";
        return true;
      case "size": {
        const end = pending.indexOf("\r\n");
        if (end === -1 && pending.length <= 1024) return false;
        const size = /^([0-9a-fA-F]{1,8})(;.*)?$/.exec(
          pending.subarray(0, Math.max(end, 0)).toString("latin1"),
        )?.[1];
        if (size === undefined) throw new S3Error(400, "IncompleteBody");
        pending = pending.subarray(end + 2);
        left = Number.parseInt(size, 16);
        state = left === 0 ? "trailers" : "bytes";
        return true;
      }
      default:
        return state satisfies never;
    }
  };

  return new Transform({
    transform(input: Buffer, _encoding, done: TransformCallback) {
      let refusal: Error | undefined;
      pending = pending.length === 0 ? input : Buffer.concat([pending, input]);
      try {
        while (step((bytes) => this.push(bytes))) {
          // Until more bytes are needed.
        }
      } catch (error) {
        refusal = error instanceof Error ? error : new Error(String(error));
      }
      done(refusal);
    },
  });
}
