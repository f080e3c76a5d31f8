import { useEffect, useRef, useState } from "react";
import type { UploadActions } from "./upload-actions.ts";

/** A row that is scrolled by is not worth a look into its file. Milliseconds. */
const SEEN_AFTER_MS = 120;

interface CoverProps {
  id: string;
  cover: UploadActions["cover"];
  /** It is there to be seen. */
  onCover: () => void;
}

/** The cover in a file, once there is one; decoration, and drawn rather than linked, which no policy of a page forbids. */
export function Cover({ id, cover, onCover }: CoverProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [bitmap, setBitmap] = useState<ImageBitmap | null>(null);

  useEffect(() => {
    let isWanted = true;
    const timer = setTimeout(() => {
      void cover(id).then((found) => {
        if (!isWanted || found === null) return;
        setBitmap(found);
        onCover();
      });
    }, SEEN_AFTER_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [id, cover, onCover]);

  useEffect(() => {
    if (bitmap !== null) canvas.current?.getContext("2d")?.drawImage(bitmap, 0, 0);
  }, [bitmap]);

  return bitmap === null ? null : (
    <canvas ref={canvas} className="at-cover" width={bitmap.width} height={bitmap.height} />
  );
}
