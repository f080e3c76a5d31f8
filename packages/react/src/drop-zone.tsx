import type { Uppy } from "@uppy/core";
import { memo, useEffect, useRef } from "react";
import { EntranceDashboard } from "./entrance-dashboard.ts";

export type Theme = "auto" | "light" | "dark";

const ID = "Dashboard";

interface DropZoneProps {
  uppy: Uppy;
  theme: Theme;
  /** One line under the invitation: what may be dropped. */
  note: string;
  /** Says no to files while it is true; the rest of the widget goes on. */
  isDisabled: boolean;
}

/**
 * Uppy's Dashboard, reduced to what it is best at: taking files by drop, paste or picker, and giving other plugins
 * (microphone, cloud drives) a place. Progress is shown by our own list: the Dashboard's has no speed, no name on its
 * buttons, and no state between sent and stored.
 */
export const DropZone = memo(function DropZone(props: DropZoneProps) {
  const { uppy, theme, note, isDisabled } = props;
  const target = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (target.current === null) return;
    // Nobody drops files with a finger.
    const canDrop = !window.matchMedia("(pointer: coarse)").matches;
    uppy.use(EntranceDashboard, {
      id: ID,
      target: target.current,
      inline: true,
      width: "100%",
      height: "100%",
      showSelectedFiles: false,
      disableStatusBar: true,
      disableInformer: true,
      disableThumbnailGenerator: true,
      proudlyDisplayPoweredByUppy: false,
      locale: {
        strings: {
          dropPasteFiles: canDrop ? "Drop audio here %{browseFiles}" : "%{browseFiles}",
          dropPasteImportFiles: `${canDrop ? "Drop audio here " : ""}%{browseFiles} or take it from:`,
          browseFiles: "Choose audio files",
          dropHint: "Let go to upload",
          dashboardTitle: "Drop audio here",
        },
      },
    });
    // Uppy labels this element but gives it no role, so that the label is never read.
    target.current.querySelector(".uppy-Dashboard")?.setAttribute("role", "group");
    return () => {
      // Uppy may be gone already, and its plugins with it: clean-up runs from the parent down.
      const dashboard = uppy.getPlugin(ID);
      if (dashboard) uppy.removePlugin(dashboard);
    };
  }, [uppy]);

  useEffect(() => {
    uppy.getPlugin(ID)?.setOptions({ theme, note, disabled: isDisabled });
  }, [uppy, theme, note, isDisabled]);

  return <div ref={target} className="at-drop" />;
});
