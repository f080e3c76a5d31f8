import { Brand } from "./brand.tsx";
import type { Login } from "./demo-session.ts";
import type { SessionState } from "./use-demo-session.ts";

interface SignInProps {
  state: Exclude<SessionState, { status: "signed_in" }>;
  onEnter: (login: Login) => void;
}

const PEOPLE: { login: Login; name: string; about: string }[] = [
  { login: "alpha", name: "Alpha", about: "has a workspace and shares another with Beta" },
  { login: "beta", name: "Beta", about: "has a workspace and shares another with Alpha" },
];

export function SignIn({ state, onEnter }: SignInProps) {
  const isBusy = state.status === "signing_in";
  return (
    <main className="sign-in">
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
            aria-describedby={`about-${login}`}
            aria-label={`Sign in as ${login}`}
          >
            <span className="avatar" aria-hidden="true">
              {name[0]}
            </span>
            <span>
              <span className="person-name">{name}</span>
              <span className="person-about" id={`about-${login}`}>
                {about}
              </span>
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
