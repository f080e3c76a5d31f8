import { expectAccessible } from "../harness/accessible.ts";
import { expect, test } from "../harness/test.ts";

// There is a microphone, and the person says no.
test.use({ browserArgs: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny"] });

test("says in plain words why there is no recording, and offers another try where one may help", async ({
  uploads,
  page,
}) => {
  await page.addInitScript(() => {
    const { mediaDevices } = navigator;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
      const { says } = window as unknown as { says?: string };
      if (says !== undefined) throw new DOMException("As the browser says it", says);
      return await ask(constraints);
    };
  });
  await uploads.signIn("alpha");
  const way = uploads.widget.getByRole("button", { name: "Record from the microphone" });
  await way.focus();
  await page.keyboard.press("Enter");
  const recorder = uploads.widget.getByRole("region", { name: "Recorder" });
  const again = recorder.getByRole("button", { name: "Try again" });
  await expect(recorder).toHaveAttribute("data-reason", "refused");
  await expect(recorder.getByRole("status")).toContainText("The microphone is not allowed");
  await expect(again).toBeFocused();
  await expectAccessible(page, "a microphone that is refused");
  for (const [name, reason, text] of [
    ["NotFoundError", "no_microphone", "No microphone was found"],
    ["NotReadableError", "busy", "Another program may have it"],
    ["TypeError", "failed", "The recording did not work"],
  ] as const) {
    await page.evaluate((says) => Object.assign(window, { says }), name);
    await page.keyboard.press("Enter");
    await expect(recorder).toHaveAttribute("data-reason", reason);
    await expect(recorder.getByRole("status")).toContainText(text);
    await expect(again).toBeFocused();
  }
  await recorder.getByRole("button", { name: "Close" }).click();
  await expect(way).toBeFocused();
});

test("says before anybody speaks that a recording would be refused, and loads nothing", async ({
  uploads,
  page,
  address,
}) => {
  const loaded: string[] = [];
  page.on("request", (request) => loaded.push(request.url()));
  await uploads.signIn("alpha");
  await page.goto(`${address}/?rules=${encodeURIComponent(JSON.stringify({ bitDepth: 24 }))}`);
  await uploads.isReady();
  await uploads.widget.getByRole("button", { name: "Record from the microphone" }).click();
  const recorder = uploads.widget.getByRole("region", { name: "Recorder" });
  await expect(recorder).toHaveAttribute("data-reason", "unwanted");
  await expect(recorder.getByRole("status")).toHaveText(
    "A recording would not be taken hereThe file does not say enough. Asked for here, and not to be told: bit depth.",
  );
  await expect(recorder.getByRole("button")).toHaveCount(1);
  expect(loaded.filter((url) => url.includes("/recorder-"))).toEqual([]);
});
