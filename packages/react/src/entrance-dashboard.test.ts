import { UIPlugin, Uppy } from "@uppy/core";
import { afterEach, expect, it, vi } from "vitest";
import { EntranceDashboard } from "./entrance-dashboard.ts";

afterEach(() => void vi.restoreAllMocks());

it("draws itself for other state and other options, not for what moves", () => {
  const draw = vi.spyOn(UIPlugin.prototype, "update").mockReturnValue();
  const uppy: Uppy = new Uppy();
  const dashboard = new EntranceDashboard(uppy, {});
  dashboard.setPluginState({ activePickerPanel: undefined, fileCardFor: null, targets: [] });
  uppy.on("state-update", (_, state) => dashboard.update(state as ReturnType<Uppy["getState"]>));
  uppy.setState({});
  draw.mockClear();

  uppy.setState({ totalProgress: 50 });
  expect(draw).not.toHaveBeenCalled();
  uppy.setOptions({ restrictions: { allowedFileTypes: [".wav"] } });
  expect(draw).toHaveBeenCalledTimes(1);
  uppy.setState({ totalProgress: 51 });
  expect(draw).toHaveBeenCalledTimes(1);
  uppy.setState({ allowNewUpload: false });
  expect(draw).toHaveBeenCalledTimes(2);
});
