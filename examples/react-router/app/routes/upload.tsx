import { AudioUploader, QuotaMeter } from "@audiotricks/upload-react";
import type { Route } from "./+types/upload";

export const meta = () => [{ title: "Upload audio" }];

export const loader = () => ({ companionUrl: process.env.COMPANION_URL ?? "http://127.0.0.1:3000" });

const getToken = async () => {
  const response = await fetch("/upload-token");
  if (!response.ok) throw new Error(`No token: ${response.status}`);
  return await response.text();
};

export default function Upload({ loaderData: { companionUrl } }: Route.ComponentProps) {
  return (
    <main>
      <AudioUploader companionUrl={companionUrl} getToken={getToken} />
      <QuotaMeter companionUrl={companionUrl} getToken={getToken} />
    </main>
  );
}
