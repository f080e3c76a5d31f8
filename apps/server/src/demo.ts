import { type Authenticate, bearerJwt } from "@audiotricks/companion";
import { UploadError } from "@audiotricks/protocol";
import type { Database } from "@audiotricks/storage";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { methodNotAllowed } from "hono/method-not-allowed";
import { SignJWT } from "jose";
import { type Kysely, sql } from "kysely";
import { z } from "zod";

const ISSUER = "urn:audiotricks:demo";
const AUDIENCE = "audiotricks-uploads";
const TOKEN_SECONDS = 12 * 60 * 60;
/** Bytes. */
const MAX_BODY_SIZE = 1024;

/** Fixed, so that yesterday's files are still theirs. */
const USERS = {
  alpha: { id: "a1fa0000-0000-4000-8000-000000000001", name: "Alpha" },
  beta: { id: "be7a0000-0000-4000-8000-000000000002", name: "Beta" },
  /** Of no workspace; whoever runs the demo looks at all of it as this one. */
  operator: { id: "09e7a000-0000-4000-8000-000000000003", name: "Operator" },
} as const;
type UserName = keyof typeof USERS;

/** The id of the demo's own operator. */
export const DEMO_OPERATOR = USERS.operator.id;

const WORKSPACES = [
  { id: "a1fa0000-0000-4000-8000-0000000000aa", name: "Alpha's workspace", members: ["alpha"] },
  { id: "be7a0000-0000-4000-8000-0000000000bb", name: "Beta's workspace", members: ["beta"] },
  { id: "5aed0000-0000-4000-8000-0000000000cc", name: "Shared workspace", members: ["alpha", "beta"] },
] as const satisfies { id: string; name: string; members: UserName[] }[];

const tokenRequest = z.strictObject({ user: z.enum(["alpha", "beta", "operator"]) });

/** Sign-in for trying things out: whoever asks is alpha, beta or the operator. */
export interface Demo {
  authenticate: Authenticate;
  /** `POST /token`, `GET /session`. */
  routes: Hono;
}

/**
 * @param secret Signs the tokens.
 * @param operators Ids of those to whom the page shows what is for operators; what they may do is decided elsewhere.
 */
export function createDemo(secret: string, operators: readonly string[] = [DEMO_OPERATOR]): Demo {
  const key = new TextEncoder().encode(secret);
  const authenticate = bearerJwt({
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["HS256"],
    secret: key,
    findUser: async (subject) => (userById(subject) === undefined ? null : { userId: subject }),
  });

  const routes = new Hono();
  routes.onError((error, c) => {
    const refusal = asRefusal(error, c.req.raw.signal);
    if (refusal === undefined) throw error;
    return c.json({ error: refusal.toBody() }, refusal.status);
  });
  routes.notFound((c) =>
    c.json({ error: new UploadError("route_not_found", "There is no such route.").toBody() }, 404),
  );
  routes.use(async (c, next) => {
    c.header("Cache-Control", "no-store");
    await next();
  });
  routes.use(methodNotAllowed({ app: routes, onMethodNotAllowed: refuseMethod }));
  routes.post("/token", limitBody, async (c) => {
    const { user } = tokenRequest.parse(await c.req.json());
    const token = await new SignJWT()
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(USERS[user].id)
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt()
      .setExpirationTime(`${TOKEN_SECONDS}s`)
      .sign(key);
    return c.json({ token, expiresIn: TOKEN_SECONDS, ...sessionOf(user, operators) });
  });
  routes.get("/session", async (c) => {
    const principal = await authenticate(c.req.raw);
    const user = principal === null ? undefined : userById(principal.userId);
    if (user === undefined) throw new UploadError("unauthenticated", "Sign in first.");
    return c.json(sessionOf(user, operators));
  });
  return { authenticate, routes };
}

const limitBody = bodyLimit({
  maxSize: MAX_BODY_SIZE,
  onError: () => {
    throw new UploadError("body_too_large", `A body may have at most ${MAX_BODY_SIZE} bytes.`);
  },
});

function refuseMethod(c: Context, methods: string[]): Response {
  c.header("Allow", methods.join(", "));
  const error = new UploadError("method_not_allowed", `Use ${methods.join(" or ")}.`);
  return c.json({ error: error.toBody() }, error.status);
}

function asRefusal(error: Error, signal: AbortSignal): UploadError | undefined {
  if (error instanceof UploadError) return error;
  if (error instanceof z.ZodError || error instanceof SyntaxError || error instanceof HTTPException)
    return new UploadError(
      "invalid_request",
      'Send {"user":"alpha"}, {"user":"beta"} or {"user":"operator"} as JSON.',
    );
  // The caller went away in the middle of its own request: nothing of ours failed.
  return signal.aborted ? new UploadError("invalid_request", "The request was cut off.") : undefined;
}

/** Who is signed in, and the workspaces they may upload to, their own first. */
function sessionOf(user: UserName, operators: readonly string[]) {
  const workspaces = WORKSPACES.filter(({ members }) => (members as readonly UserName[]).includes(user));
  return {
    user: { ...USERS[user], login: user, isOperator: operators.includes(USERS[user].id) },
    workspaces: workspaces.map(({ id, name }) => ({ id, name })),
  };
}

function userById(id: string): UserName | undefined {
  return (Object.keys(USERS) as UserName[]).find((name) => USERS[name].id === id);
}

/** Safe to repeat; leaves alone what is there. */
export async function seedDemo(db: Kysely<Database>): Promise<void> {
  for (const { id, name } of Object.values(USERS))
    await sql`INSERT INTO users (id, name) VALUES (${id}, ${name}) ON CONFLICT DO NOTHING`.execute(db);
  for (const { id, name, members } of WORKSPACES) {
    await sql`INSERT INTO workspaces (id, name) VALUES (${id}, ${name}) ON CONFLICT DO NOTHING`.execute(db);
    for (const member of members)
      await sql`INSERT INTO workspace_members (workspace_id, user_id) VALUES (${id}, ${USERS[member].id}) ON CONFLICT DO NOTHING`.execute(
        db,
      );
  }
}
