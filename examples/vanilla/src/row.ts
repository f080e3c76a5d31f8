import type { SpacesUploadStatus } from "@audiotricks/uppy-spaces";

/** One upload: its name, how far it is, and what can be done about it. */
export function createRow(name: string, actions: { pauseOrResume: () => void; cancel: () => void }) {
  const element = document.createElement("li");
  element.ariaLabel = name;
  const progress = document.createElement("progress");
  progress.ariaLabel = name;
  const text = document.createElement("span");
  const pause = button("Pause", actions.pauseOrResume);
  const cancel = button("Cancel", actions.cancel);
  element.append(name, " ", progress, " ", text, " ", pause, " ", cancel);

  return {
    element,
    show(state: SpacesUploadStatus) {
      element.dataset.status = state.status;
      if ("progress" in state) {
        progress.max = state.progress.totalBytes;
        progress.value = state.progress.sentBytes;
      }
      if (state.status === "done") progress.value = progress.max;
      text.textContent = describe(state);
      pause.textContent = state.status === "paused" ? "Resume" : "Pause";
      pause.hidden = state.status === "done" || state.status === "failed" || state.status === "finalizing";
      cancel.hidden = state.status === "done";
    },
  };
}

function button(label: string, onClick: () => void): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = label;
  element.addEventListener("click", onClick);
  return element;
}

function describe(state: SpacesUploadStatus): string {
  switch (state.status) {
    case "done":
      return `Stored as ${state.file.id}`;
    case "failed":
      return `${state.error.code}: ${state.error.message}`;
    case "uploading":
      return `${Math.round(state.progress.bytesPerSecond / 1024)} KiB/s`;
    default:
      return state.status;
  }
}
