import { SignIn } from "./sign-in.tsx";
import { UploadPage } from "./upload-page.tsx";
import { useDemoSession } from "./use-demo-session.ts";
import { useLanguage } from "./use-language.ts";

export function App() {
  const { state, enter, leave } = useDemoSession();
  const { language, choose } = useLanguage();
  if (state.status !== "signed_in") return <SignIn state={state} onEnter={enter} />;
  const { session } = state;
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
