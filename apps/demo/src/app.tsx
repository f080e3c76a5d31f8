import { lazy, Suspense } from "react";
import { SignIn } from "./sign-in.tsx";
import { UploadPage } from "./upload-page.tsx";
import { useDemoSession } from "./use-demo-session.ts";
import { useLanguage } from "./use-language.ts";

/** A chunk of its own: nobody but operators loads it. */
const OperatorApp = lazy(() => import("./operator/operator-app.tsx"));

export function App() {
  const { state, enter, leave } = useDemoSession();
  const { language, choose } = useLanguage();
  if (state.status !== "signed_in") return <SignIn state={state} onEnter={enter} />;
  const { session } = state;
  if (session.isOperator && /^\/operator(\/|$)/.test(location.pathname))
    return (
      <Suspense fallback={<p role="status">Loading…</p>}>
        <OperatorApp session={session} onSignOut={leave} />
      </Suspense>
    );
  return (
    <UploadPage
      key={session.login}
      session={session}
      language={language}
      onLanguage={choose}
      onSignOut={leave}
    />
  );
}
