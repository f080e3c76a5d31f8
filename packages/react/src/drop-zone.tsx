import type { Uppy } from "@uppy/core";
import { memo, useContext, useEffect, useRef } from "react";
import { EntranceDashboard } from "./entrance-dashboard.ts";
import { WordsContext } from "./use-words.ts";
import type { Words } from "./words.ts";

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
  const words = useContext(WordsContext);
  const target = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (target.current === null) return;
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
    // Set again with the others: the words of a host's own Uppy are for what is not ours.
    const locale = { strings: stringsOf(words) };
    uppy.getPlugin(ID)?.setOptions({ theme, note, disabled: isDisabled, direction: words.dir, locale });
    const root = target.current?.querySelector<HTMLElement>(".uppy-Root");
    // Uppy takes it when it is made.
    if (root) root.dir = words.dir;
  }, [uppy, theme, note, isDisabled, words]);

  return <div ref={target} className="at-drop" />;
});

/** All that is seen of Uppy's own words while it has no plugins beside ours. */
function stringsOf({ say }: Words) {
  // Nobody drops files with a finger.
  const canDrop = !window.matchMedia("(pointer: coarse)").matches;
  const invitation = canDrop ? `${say("dropHere")} %{browseFiles}` : "%{browseFiles}";
  return {
    dropPasteFiles: invitation,
    dropPasteImportFiles: `${invitation} ${say("orTakeFrom")}`,
    browseFiles: say("chooseFiles"),
    dropHint: say("letGo"),
    dashboardTitle: say("dropHere"),
  };
}
