import { AudioUploader, QuotaMeter } from "@audiotricks/upload-react";
import "@audiotricks/upload-react/styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { getToken } from "./get-token";

const companionUrl = import.meta.env.VITE_COMPANION_URL ?? "http://127.0.0.1:3000";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <AudioUploader companionUrl={companionUrl} getToken={getToken} />
    <QuotaMeter companionUrl={companionUrl} getToken={getToken} />
  </StrictMode>,
);
