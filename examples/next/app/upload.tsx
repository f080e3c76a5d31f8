"use client";

import { AudioUploader } from "@audiotricks/upload-react";
import { useRouter } from "next/navigation";
import { getToken } from "./get-token";

/** In the browser: a page on the server cannot pass it a function such as `onUploaded`. */
export function Upload({ companionUrl }: { companionUrl: string }) {
  const router = useRouter();
  return (
    <AudioUploader companionUrl={companionUrl} getToken={getToken} onUploaded={() => router.refresh()} />
  );
}
