import { holdFromPart, test } from "@audiotricks/testing/playwright";

const MiB = 1024 * 1024;

test("the companion is restarted in mid-upload, and the upload goes on by itself", { tag: "@smoke" }, async ({
  uploads,
  files,
  faults,
  companion,
  truth,
}) => {
  const file = await files.audio({ size: 40 * MiB });
  const held = await faults.inject(holdFromPart(4));
  await uploads.drop(file);
  await truth.storedParts(3);
  await companion.restart();
  await held.heal();
  await uploads.reaches(file.name, "done");
  await truth.holds(file);
});

test("the companion is away when a file is dropped, and the upload begins when it is back", async ({
  uploads,
  files,
  companion,
  truth,
}) => {
  const file = await files.audio();
  await companion.stop();
  await uploads.drop(file);
  await uploads.reaches(file.name, "waiting");
  companion.start();
  await uploads.reaches(file.name, "done");
  await truth.holds(file);
});

test("the companion answers 503 three times, and is asked again", async ({
  uploads,
  files,
  companion,
  truth,
}) => {
  const file = await files.audio();
  companion.fail({ status: 503, path: "/v1/uploads", times: 3 });
  await uploads.drop(file);
  await uploads.reaches(file.name, "done");
  await truth.holds(file);
});
