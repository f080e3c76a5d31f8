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
  test(`stores ${name} as it is, and lists it`, async ({ uploads, expectStored }) => {
    const file = await fixture(name);
    await uploads.signIn("alpha");
    await uploads.pick(file.path);
    await uploads.reaches(name, "done");
    await expect(uploads.libraryFile(name)).toHaveAttribute("data-state", "stored");
    expectStored(file);
  });
}
