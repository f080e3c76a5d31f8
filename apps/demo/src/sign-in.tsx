import { Brand } from "./brand.tsx";
import type { Login } from "./demo-session.ts";
import type { SessionState } from "./use-demo-session.ts";

interface SignInProps {
  state: Exclude<SessionState, { status: "signed_in" }>;
  onEnter: (login: Login) => void;
}

const OWN = "A workspace of one’s own, and a shared one";
const PEOPLE: { login: Login; name: string; about: string }[] = [
  { login: "alpha", name: "Alpha", about: OWN },
  { login: "beta", name: "Beta", about: OWN },
  { login: "operator", name: "Operator", about: "Sees how all of it does" },
];

export function SignIn({ state, onEnter }: SignInProps) {
  const isBusy = state.status === "signing_in";
  return (
    <main className="sign-in" lang="en">
      <Brand />
      <h1>Sign in to upload</h1>
      <p className="lead">This is a demo: choose who you want to be. No password is asked for.</p>
      <div className="people">
        {PEOPLE.map(({ login, name, about }) => (
          <button
            key={login}
            type="button"
            className="person"
            disabled={isBusy}
            onClick={() => onEnter(login)}
          >
            <span className="avatar" aria-hidden="true">
              {name[0]}
            </span>
            <span>
              <span className="person-name">Sign in as {name}</span>{" "}
              <span className="person-about">{about}</span>
            </span>
          </button>
        ))}
      </div>
      <p className="sign-in-state" role="status">
        {isBusy ? "Signing in…" : null}
      </p>
      {state.status === "failed" ? (
        <p className="problem" role="alert">
          {state.message}
        </p>
      ) : null}
    </main>
  );
}
