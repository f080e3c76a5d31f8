import { UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { createDemo } from "./demo.ts";

const SECRET = "0123456789abcdef0123456789abcdef";

async function signIn(user: unknown, secret = SECRET) {
  const { routes, authenticate } = createDemo(secret);
  const response = await routes.request("/token", { method: "POST", body: JSON.stringify({ user }) });
  const body = (await response.json()) as { token: string; workspaces: { name: string }[] };
  const headers = { authorization: `Bearer ${body.token}` };
  return { response, body, headers, routes, authenticate };
}

describe("the demo's sign-in", () => {
  it("gives each user a workspace of its own and both the shared one", async () => {
    const workspaces = async (user: string) => (await signIn(user)).body.workspaces.map(({ name }) => name);
    expect(await workspaces("alpha")).toEqual(["Alpha's workspace", "Shared workspace"]);
    expect(await workspaces("beta")).toEqual(["Beta's workspace", "Shared workspace"]);
  });

  it("says who is an operator, and nobody else", async () => {
    const isOperator = async (user: string) => {
      const { headers, routes } = await signIn(user);
      return (
        (await (await routes.request("/session", { headers })).json()) as { user: { isOperator: boolean } }
      ).user.isOperator;
    };
    expect(await isOperator("operator")).toBe(true);
    expect(await isOperator("alpha")).toBe(false);
    expect(await isOperator("beta")).toBe(false);
  });

  it("knows its own tokens, also after a restart, and no others", async () => {
    const { headers, routes } = await signIn("alpha");
    const session = await routes.request("/session", { headers });
    expect(await session.json()).toMatchObject({ user: { login: "alpha", name: "Alpha" } });
    const restarted = createDemo(SECRET);
    const request = new Request("http://localhost", { headers });
    expect(await restarted.authenticate(request)).toEqual({
      userId: expect.any(String),
      expiresAt: expect.any(Date),
    });
    expect(await createDemo(SECRET.replace("0", "1")).authenticate(request)).toBeNull();
    const unsigned = new UnsecuredJWT({ sub: "x" }).encode();
    expect(
      (await routes.request("/session", { headers: { authorization: `Bearer ${unsigned}` } })).status,
    ).toBe(401);
    expect((await routes.request("/session")).status).toBe(401);
  });

  it.each(["gamma", "", null, 5, { a: 1 }, "__proto__", "constructor"])("refuses to be %j", async (user) => {
    expect((await signIn(user)).response.status).toBe(400);
  });

  it("answers with the codes of the API what is too long, by another method, or not there", async () => {
    const { routes } = createDemo(SECRET);
    const codeOf = async (path: string, init: RequestInit) => {
      const response = await routes.request(path, init);
      const { error } = (await response.json()) as { error: { code: string } };
      return [response.status, error.code];
    };
    expect(await codeOf("/token", { method: "POST", body: "x".repeat(5000) })).toEqual([
      413,
      "body_too_large",
    ]);
    expect(await codeOf("/token", { method: "GET" })).toEqual([405, "method_not_allowed"]);
    expect(await codeOf("/nothing", { method: "GET" })).toEqual([404, "route_not_found"]);
  });

  it.each(["", "{", "null"])("refuses the body %j", async (body) => {
    const response = await createDemo(SECRET).routes.request("/token", { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "invalid_request" } });
  });
});
