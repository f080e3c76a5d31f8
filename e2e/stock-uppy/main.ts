// A page that has always used Uppy with a Companion, and now points it at ours: `companionEndpoint` is all that changed.
import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";

const settings = new URLSearchParams(location.search);
const uppy = new Uppy({ autoProceed: true }).use(AwsS3, {
  companionEndpoint: settings.get("companionEndpoint") ?? "",
  ...(settings.has("multipart") ? { shouldUseMultipart: true } : {}),
});

const output = find("output");
const say = (text: string) => {
  output.textContent = text;
};
uppy.on("s3-multipart:part-uploaded", (_file, part) => say(`part ${part.PartNumber}`));
uppy.on("upload-success", () => say("done"));
uppy.on("upload-error", (_file, error) => say(`failed: ${error.message}`));
uppy.on("cancel-all", () => say("cancelled"));

const actions = {
  Pause: () => uppy.pauseAll(),
  Resume: () => uppy.resumeAll(),
  Cancel: () => uppy.cancelAll(),
};
for (const button of document.querySelectorAll("button")) {
  const action = actions[button.textContent as keyof typeof actions];
  button.addEventListener("click", action);
}
const input = find("input");
input.addEventListener("change", () => {
  for (const file of input.files ?? []) uppy.addFile({ name: file.name, type: file.type, data: file });
});

function find<Name extends keyof HTMLElementTagNameMap>(name: Name): HTMLElementTagNameMap[Name] {
  const element = document.querySelector(name);
  if (element === null) throw new Error(`no <${name}>`);
  return element;
}
