import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { decodeAwsChunks } from "./aws-chunks.ts";

const framed = Buffer.from(
  "5;chunk-signature=abc\r\nhello\r\n7;chunk-signature=def\r\n, world\r\n0;chunk-signature=0\r\n\r\n",
);

/** The same bytes in pieces of this size: a network cuts where it likes. */
function inPieces(bytes: Buffer, size: number): Readable {
  const count = Math.ceil(bytes.length / size);
  return Readable.from(
    Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size)),
  );
}

describe("decodeAwsChunks", () => {
  it.each([1, 2, 3, 7, 1000])("takes the framing off a body that comes %d bytes at a time", async (size) => {
    expect((await buffer(inPieces(framed, size).pipe(decodeAwsChunks()))).toString()).toBe("hello, world");
  });

  it("leaves out trailers", async () => {
    const body = Buffer.from("2\r\nhi\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
    expect((await buffer(inPieces(body, 4).pipe(decodeAwsChunks()))).toString()).toBe("hi");
  });

  it.each(["no size\r\n", `${"f".repeat(2000)}`, "-1\r\n"])("refuses %j", async (body) => {
    await expect(buffer(Readable.from([Buffer.from(body)]).pipe(decodeAwsChunks()))).rejects.toMatchObject({
      code: "IncompleteBody",
    });
  });
});
