import { SignIn } from "./sign-in.tsx";
import { UploadPage } from "./upload-page.tsx";
import { useDemoSession } from "./use-demo-session.ts";

export function App() {
  const { state, enter, leave } = useDemoSession();
  if (state.status !== "signed_in") return <SignIn state={state} onEnter={enter} />;
  return <UploadPage key={state.session.login} session={state.session} onSignOut={leave} />;
}
