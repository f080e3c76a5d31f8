import { useCallback, useEffect, useState } from "react";
import { type DemoSession, type Login, rememberedLogin, rememberLogin, signIn } from "./demo-session.ts";

export type SessionState =
  | { status: "signed_out" }
  | { status: "signing_in"; login: Login }
  | { status: "signed_in"; session: DemoSession }
  | { status: "failed"; login: Login; message: string };

/** Who is signed in; survives a reload of the tab. */
export function useDemoSession() {
  const [state, setState] = useState<SessionState>(() => {
    const login = rememberedLogin();
    return login === null ? { status: "signed_out" } : { status: "signing_in", login };
  });

  const login = state.status === "signing_in" ? state.login : null;
  useEffect(() => {
    if (login === null) return;
    let isCurrent = true;
    signIn(login).then(
      (session) => {
        if (!isCurrent) return;
        rememberLogin(login);
        setState({ status: "signed_in", session });
      },
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        if (isCurrent) setState({ status: "failed", login, message });
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [login]);

  const enter = useCallback((login: Login) => setState({ status: "signing_in", login }), []);
  const leave = useCallback(() => {
    rememberLogin(null);
    setState({ status: "signed_out" });
  }, []);
  return { state, enter, leave };
}
