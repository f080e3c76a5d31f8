import { fixture, generateWav, MiB } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

test("goes on by itself after the store answered 503 for two seconds", async ({
  uploads,
  faults,
  folder,
  expectStored,
}) => {
  const file = await generateWav(folder, "busy.wav", 30 * MiB);
  await uploads.signIn("alpha");
  await faults.inject({ fault: "error", status: 503, operation: "UploadPart", forMs: 2_000 });
  await uploads.pick(file.path);
  await uploads.reaches(file.name, "done");
  expect(await faults.log()).not.toEqual([]);
  expectStored(file);
});

test("stores whole what the store said nothing, half or something wrong of when it was completed", async ({
  uploads,
  faults,
  folder,
  expectStored,
}) => {
  // Of the same length they would be offered as stems.
  const files = await Promise.all([1, 2, 3].map((n) => generateWav(folder, `${n}.wav`, (10 + n) * MiB, n)));
  await uploads.signIn("alpha");
  const once = { operation: "CompleteMultipartUpload", times: 1 } as const;
  await faults.inject({ fault: "lost-answer", ...once });
  await faults.inject({ fault: "error-in-200", effect: "done", ...once });
  await faults.inject({ fault: "truncated", seemsWhole: true, ...once });
  await uploads.pick(files.map(({ path }) => path));
  for (const { name } of files) await uploads.reaches(name, "done");
  // Noted when they strike, of which order nothing is said.
  const struck = (await faults.log()).map(({ fault }) => fault).toSorted();
  expect(struck).toEqual(["error-in-200", "lost-answer", "truncated"]);
  expectStored(...files);
});

test("sends again only the parts whose connections broke, though the store hides ETags", async ({
  uploads,
  faults,
  folder,
  expectStored,
}) => {
  const file = await generateWav(folder, "broken.wav", 30 * MiB);
  await uploads.signIn("alpha");
  const broken = await faults.inject({ fault: "reset", operation: "UploadPart", probability: 0.5, times: 2 });
  const hidden = await faults.inject({ fault: "hidden-etag", operation: "UploadPart" });
  await uploads.pick(file.path);
  await uploads.reaches(file.name, "done");
  expect(await broken.log()).toHaveLength(2);
  const stored = (await hidden.log()).map(({ partNumber }) => partNumber);
  expect(stored).toHaveLength(6);
  expect(new Set(stored)).toEqual(new Set([1, 2, 3, 4, 5, 6]));
  expectStored(file);
});

test("waits for slow sockets, and goes on when they are quick again", async ({
  uploads,
  faults,
  folder,
  expectStored,
}) => {
  const file = await generateWav(folder, "slow.wav", 30 * MiB);
  await uploads.signIn("alpha");
  // What other tests injected is healed and forgotten.
  expect(await faults.log()).toEqual([]);
  await faults.inject({ fault: "slow-socket", operation: "UploadPart", bytesPerSecond: 50_000 });
  await uploads.pick(file.path);
  await expect.poll(() => faults.log()).not.toEqual([]);
  await uploads.reaches(file.name, "uploading");
  expect(uploads.partsStored).toEqual([]);
  await faults.heal();
  await uploads.reaches(file.name, "done");
  expect(uploads.partsStored).toHaveLength(6);
  expectStored(file);
});

test("says that the store refuses a file, and stores it whole when asked again", async ({
  uploads,
  faults,
  expectStored,
}) => {
  const file = await fixture("chord.flac");
  await uploads.signIn("alpha");
  const refusal = await faults.inject({ fault: "error", status: 400, operation: "PutObject" });
  await uploads.pick(file.path);
  await uploads.reaches(file.name, "failed");
  await expect(uploads.row(file.name)).toHaveAttribute("data-code", "upload_failed");
  expect(await refusal.log()).toHaveLength(5);
  await refusal.heal();
  await uploads.press("Retry", file.name);
  await uploads.reaches(file.name, "done");
  expectStored(file);
});
