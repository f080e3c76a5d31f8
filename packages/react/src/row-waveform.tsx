import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";
import type { UploadItem } from "./uploads-state.ts";
import { Player } from "./waveform-player.tsx";
import type { WaveformShelf } from "./waveform-shelf.ts";

/** The waveform of one file of the list, as it grows, and the file to be heard from where it lies. */
export function RowWaveform({ item, waveforms }: { item: UploadItem; waveforms: WaveformShelf }) {
  const { id, name, audio } = item;
  const watch = useCallback((listener: () => void) => waveforms.watch(id, listener), [waveforms, id]);
  const waveform = useSyncExternalStore(
    watch,
    () => waveforms.get(id),
    () => null,
  );
  const address = useRef<string | null>(null);
  useEffect(
    () => () => {
      if (address.current !== null) URL.revokeObjectURL(address.current);
      address.current = null;
    },
    [],
  );
  const source = useCallback(async () => {
    const file = waveforms.file(id);
    if (file === null) throw new Error("The file is not on this device");
    address.current ??= URL.createObjectURL(file);
    return address.current;
  }, [waveforms, id]);

  if (waveforms.file(id) === null) return null;
  return (
    <Player
      name={name}
      source={source}
      durationSeconds={audio?.durationSeconds ?? null}
      peaks={waveform === null || waveform.status === "none" ? null : waveform.peaks}
      part={waveform?.status === "drawing" ? waveform.part : 1}
      state={waveform === null ? "waiting" : waveform.status}
      reason={waveform?.status === "none" ? waveform.reason : undefined}
    />
  );
}
