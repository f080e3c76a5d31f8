import { QuotaMeter } from "@audiotricks/upload-react";
import { connection } from "next/server";
import { getToken } from "./get-token";
import { Upload } from "./upload";

/** On the server: what the widget is told comes from there. */
export default async function Page() {
  await connection();
  const companionUrl = process.env.COMPANION_URL ?? "http://127.0.0.1:3000";
  return (
    <main>
      <Upload companionUrl={companionUrl} />
      <QuotaMeter companionUrl={companionUrl} getToken={getToken} />
    </main>
  );
}
