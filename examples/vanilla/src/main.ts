import { createCompanionClient, UppySpaces } from "@audiotricks/uppy-spaces";
import Uppy from "@uppy/core";
import { getToken } from "./get-token";
import { createRow } from "./row";

const companionUrl = import.meta.env.VITE_COMPANION_URL ?? "http://127.0.0.1:3000";

const input = document.querySelector<HTMLInputElement>("#files");
const list = document.querySelector("#uploads");
const quota = document.querySelector("#quota");
if (input === null || list === null || quota === null) throw new Error("index.html lacks a part");

const uppy = new Uppy({ autoProceed: true }).use(UppySpaces, { companionUrl, getToken });
const companion = createCompanionClient({ companionUrl, getToken });

input.addEventListener("change", () => {
  for (const file of input.files ?? []) {
    try {
      uppy.addFile({ name: file.name, type: file.type, data: file });
    } catch (error) {
      // Such as one that is there already.
      uppy.info(error instanceof Error ? error.message : String(error), "warning");
    }
  }
  input.value = "";
});

const rows = new Map<string, ReturnType<typeof createRow>>();
uppy.on("file-added", ({ id, name }) => {
  const row = createRow(name, {
    pauseOrResume: () => uppy.pauseResume(id),
    cancel: () => uppy.removeFile(id),
  });
  rows.set(id, row);
  list.append(row.element);
});
uppy.on("file-removed", ({ id }) => rows.get(id)?.element.remove());
uppy.on("state-update", (_before, { files = {} }) => {
  for (const [id, { spaces }] of Object.entries(files)) {
    if (spaces !== undefined) rows.get(id)?.show(spaces);
  }
});
uppy.on("complete", showQuota);
uppy.on("info-visible", () => say(uppy.getState().info.at(-1)?.message));
void showQuota();

async function showQuota() {
  try {
    const { quotas } = await companion.quota();
    const gib = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(2)} GiB`;
    const [{ usedBytes, limitBytes }] = quotas;
    say(limitBytes === null ? `${gib(usedBytes)} used` : `${gib(usedBytes)} of ${gib(limitBytes)} used`);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
}

function say(text = "") {
  if (quota !== null) quota.textContent = text;
}
