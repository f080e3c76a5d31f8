import { Account } from "../harness/account.ts";
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

for (const name of NAMES) {
  test(`stores ${name} as it is with its checksum, and lists it`, async ({
    stack,
    uploads,
    expectStored,
  }) => {
    const file = await fixture(name);
    await uploads.signIn("alpha");
    await uploads.pick(file.path);
    await uploads.reaches(name, "done");
    await expect(uploads.libraryFile(name)).toHaveAttribute("data-state", "stored");
    const [record] = await (await Account.signIn(stack.server.url, "alpha")).files();
    expect(record?.checksumSha256).toBe(file.sha256);
    expectStored(file);
  });
}
