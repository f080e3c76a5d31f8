import { expect, test } from "@audiotricks/testing/playwright";

const MiB = 1024 * 1024;

test("the store answers 503 for ten seconds, and the upload goes on by itself", async ({
  uploads,
  files,
  faults,
  truth,
}) => {
  const file = await files.audio({ size: 30 * MiB });
  await faults.inject({ fault: "error", status: 503, forMs: 10_000 });
  await uploads.drop(file);
  await uploads.reaches(file.name, "done");
  expect(await faults.log()).not.toEqual([]);
  await truth.holds(file);
});

test("the answer to Complete is lost, and the file is stored once", async ({
  uploads,
  files,
  faults,
  truth,
}) => {
  const file = await files.audio({ size: 12 * MiB });
  const lost = await faults.inject({ fault: "lost-answer", operation: "CompleteMultipartUpload", times: 1 });
  await uploads.drop(file);
  await uploads.reaches(file.name, "done");
  expect(await lost.log()).toHaveLength(1);
  await truth.holds(file);
});

test("connections break in mid-part, and only those parts are sent again", async ({
  uploads,
  files,
  faults,
  truth,
}) => {
  const file = await files.audio({ size: 30 * MiB });
  const broken = await faults.inject({ fault: "reset", operation: "UploadPart", nth: 2, times: 2 });
  await uploads.drop(file);
  await uploads.reaches(file.name, "done");
  expect(await broken.log()).toHaveLength(2);
  expect(uploads.partsStored).toHaveLength(6);
  await truth.holds(file);
});
