import { Account } from "@audiotricks/testing/account";
import { fixture } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

const NAMES = [
  "chord.mp3",
  "chord.wav",
  "chord.m4a",
  "chord.flac",
  "chord.ogg",
  "chord.opus",
  "chord-with-cover.mp3",
];

test("stores a file of each type as it is with its checksum, and lists it", async ({
  stack,
  uploads,
  expectStored,
}) => {
  const files = await Promise.all(NAMES.map(fixture));
  await uploads.signIn("alpha");
  for (const { name, path } of files) {
    await uploads.pick(path);
    await uploads.reaches(name, "done");
    await expect(uploads.libraryFile(name)).toHaveAttribute("data-state", "stored");
  }
  const records = await (await Account.signIn(stack.server.url, "alpha")).files();
  const checksums = new Map(records.map(({ name, checksumSha256 }) => [name, checksumSha256]));
  for (const { name, sha256 } of files) expect(checksums.get(name), name).toBe(sha256);
  expectStored(...files);
});
