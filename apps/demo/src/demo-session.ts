/** People who can sign in to the demo. */
export type Login = "alpha" | "beta" | "operator";

export interface Workspace {
  id: string;
  name: string;
}

export interface DemoSession {
  login: Login;
  name: string;
  /** Whether the server lets them see what is for operators. */
  isOperator: boolean;
  /** Those this person may upload to, their own first. */
  workspaces: readonly Workspace[];
  /** A token for the companion; a new one unless the last is only seconds old. */
  getToken: () => Promise<string>;
}

/** Several parts of the page ask for a token at the same time when it opens. */
const SHARE_MS = 5000;

interface TokenAnswer {
  token: string;
  user: { name: string; isOperator: boolean };
  workspaces: Workspace[];
}

/** Signs in at the demo's own issuer. Rejects with an `Error` whose message is for people. */
export async function signIn(login: Login): Promise<DemoSession> {
  const first = await requestToken(login);
  let latest = { at: Date.now(), answer: Promise.resolve(first) };
  return {
    login,
    name: first.user.name,
    isOperator: first.user.isOperator,
    workspaces: first.workspaces,
    getToken: async () => {
      if (Date.now() - latest.at > SHARE_MS) latest = { at: Date.now(), answer: requestToken(login) };
      return (await latest.answer).token;
    },
  };
}

async function requestToken(login: Login): Promise<TokenAnswer> {
  let response: Response;
  try {
    response = await fetch("/demo/token", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user: login }),
    });
  } catch (cause) {
    throw new Error("The server does not answer. Check that it runs, then try again.", { cause });
  }
  if (!response.ok) throw new Error(`Signing in did not work (${response.status}). Try again in a moment.`);
  return await response.json();
}

const KEY = "audiotricks-demo-login";

/** Who was signed in when this tab was last loaded. */
export function rememberedLogin(): Login | null {
  const login = sessionStorage.getItem(KEY);
  return login === "alpha" || login === "beta" || login === "operator" ? login : null;
}

export function rememberLogin(login: Login | null): void {
  if (login === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, login);
}
