import { AudioUploader, type AudioUploads, QuotaMeter, UploadDebugDrawer } from "@audiotricks/upload-react";
import { useState } from "react";
import { Brand } from "./brand.tsx";
import { demoRules } from "./demo-rules.ts";
import type { DemoSession } from "./demo-session.ts";
import { LanguagePicker } from "./language-picker.tsx";
import { Library } from "./library.tsx";
import { PERSONAL, SpacePicker } from "./space-picker.tsx";

/** The demo's server answers for the page and the companion. */
const COMPANION_URL = "";

interface UploadPageProps {
  session: DemoSession;
  language: string;
  onLanguage: (language: string) => void;
  onSignOut: () => void;
}

const RULES = demoRules(location.search);
/** `?waveforms`: to be seen in the rows, heard from there, and kept beside the files. */
const WAVEFORMS = new URLSearchParams(location.search).has("waveforms");

/** What is the demo's own is in English; what is the widget's, in the language that was chosen. */
export function UploadPage({ session, language, onLanguage, onSignOut }: UploadPageProps) {
  const [space, setSpace] = useState(session.workspaces[0]?.id ?? PERSONAL);
  const [uppy, setUppy] = useState<AudioUploads["uppy"]>(null);
  const companion = {
    companionUrl: COMPANION_URL,
    getToken: session.getToken,
    workspaceId: space === PERSONAL ? undefined : space,
  };
  const spaceName = session.workspaces.find(({ id }) => id === space)?.name ?? "Personal";

  return (
    <>
      <header className="bar" lang="en">
        <div className="bar-inner">
          <Brand />
          <p className="who">
            <span className="avatar avatar-small" aria-hidden="true">
              {session.name[0]}
            </span>
            <span className="who-name">{session.name}</span>
            {session.isOperator ? <a href="/operator">Operator pages</a> : null}
            <button type="button" className="text-button" onClick={onSignOut}>
              Sign out
            </button>
          </p>
        </div>
      </header>
      <main className="page">
        <div className="page-head" lang="en">
          <h1>Upload audio</h1>
          <SpacePicker workspaces={session.workspaces} value={space} onChange={setSpace} />
        </div>
        <div className="columns">
          <div className="stack">
            <AudioUploader
              {...companion}
              rules={RULES}
              waveforms={WAVEFORMS}
              microphone
              locale={language}
              onReady={setUppy}
            />
            <UploadDebugDrawer uppy={uppy} locale={language} />
          </div>
          <aside className="card" lang="en" aria-label="Storage">
            <QuotaMeter {...companion} locale={language} labels={{ workspace: spaceName }} />
          </aside>
          <Library {...companion} title={`Files in ${spaceName}`} locale={language} />
        </div>
      </main>
      <footer className="foot" lang="en">
        <LanguagePicker value={language} onChange={onLanguage} />
      </footer>
    </>
  );
}
