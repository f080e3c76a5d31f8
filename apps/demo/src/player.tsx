import { type LocaleOption, type Peaks, type UploadLibrary, WaveformPlayer } from "@audiotricks/upload-react";
import { useCallback, useEffect, useState } from "react";
import type { LibraryFile } from "./describe-file.ts";

interface PlayerProps {
  file: LibraryFile;
  library: Pick<UploadLibrary, "createDownload" | "readWaveform">;
  locale: LocaleOption | undefined;
}

/** Plays straight from the store, which answers ranges, so that it seeks without loading everything. */
export function Player({ file, library: { createDownload, readWaveform }, locale }: PlayerProps) {
  const { id, name, waveform, sound } = file;
  const [peaks, setPeaks] = useState<Peaks | null>(null);
  useEffect(() => {
    if (waveform === undefined) return undefined;
    let isCurrent = true;
    // Without one it is heard all the same.
    readWaveform(id).then(
      (found) => isCurrent && setPeaks(found),
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [id, waveform, readWaveform]);
  const source = useCallback(async () => (await createDownload(id, "inline")).url, [id, createDownload]);

  return (
    <div className="player">
      <WaveformPlayer
        name={name}
        source={source}
        peaks={peaks}
        durationSeconds={sound?.durationSeconds ?? null}
        autoPlay
        locale={locale}
      />
    </div>
  );
}
