import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";
import { FileList } from "./file-list.tsx";
import type { UploadItem } from "./uploads-state.ts";

const nothing = () => {};
const actions = {
  pause: nothing,
  resume: nothing,
  cancel: nothing,
  retry: nothing,
  dismiss: nothing,
  see: nothing,
  cover: async () => null,
  waveforms: null,
};
const filesOf = (count: number) =>
  Array.from({ length: count }, (_, index): UploadItem => {
    const id = String(index);
    const sound = { folder: null, audio: null, warnings: [], stems: null };
    return { id, name: `${id}.wav`, size: 1, status: { status: "queued" }, ...sound };
  });
/** The elements that the rows are in, without what they say of themselves. */
const frameOf = (count: number) =>
  renderToString(<FileList files={filesOf(count)} {...actions} />)
    .replace(/<li.*<\/li>/s, "")
    .replace(/ [^>]*/g, "");

it("has its rows in the same elements whether it is short or long: the focus would be lost with them", () => {
  expect(frameOf(30)).toBe("<div><ul></ul></div>");
  expect(frameOf(31)).toBe(frameOf(30));
});

it("is a group to scroll only when it is long", () => {
  expect(renderToString(<FileList files={filesOf(31)} {...actions} />)).toContain('aria-label="All uploads"');
  expect(renderToString(<FileList files={filesOf(30)} {...actions} />)).not.toContain("All uploads");
  expect(renderToString(<FileList files={[]} {...actions} />)).toBe("");
});
