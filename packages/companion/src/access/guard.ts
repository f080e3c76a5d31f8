import { UploadError } from "@audiotricks/protocol";
import {
  ACCESS,
  type Access,
  type Action,
  type Caller,
  isForUsers,
  isOperator,
  type Storage,
} from "@audiotricks/storage";
import type { Context, MiddlewareHandler } from "hono";
import type { Authenticate, AuthenticateService } from "../authenticate.ts";
import type { CompanionEnv } from "../companion-env.ts";
import { findS3Token } from "../s3-token.ts";
import type { ClientAddress } from "./client-address.ts";
import type { Rates } from "./rate-limits.ts";

/** What stands before a route: everything that is decided by who asks, from where, and the route's row in the access table. */
export type Guard = (action: Action) => MiddlewareHandler<CompanionEnv>;

export interface GuardOptions {
  storage: Pick<Storage, "s3Tokens">;
  authenticate: Authenticate;
  authenticateService: AuthenticateService | undefined;
  /** Throws for a page that may not ask. */
  checkOrigin: (c: Context<CompanionEnv>) => void;
  addressOf: ClientAddress;
  /** `undefined`: none. */
  rates: Rates | undefined;
}

/** Which row of the table a middleware stands for: so a route without its guard is found when the companion is made. */
const actions = new WeakMap<object, Action>();

export function actionOfGuard(middleware: object): Action | undefined {
  return actions.get(middleware);
}

/** @returns One guard for routes that ask who it is, and one for those with an S3 token in their path. */
export function createGuards(options: GuardOptions): { guard: Guard; tokenGuard: Guard } {
  const { checkOrigin, addressOf, rates } = options;
  const guardBy =
    (signIn: (c: Context<CompanionEnv>, access: Access) => Promise<Caller>): Guard =>
    (action) => {
      const access: Access = ACCESS[action];
      const middleware: MiddlewareHandler<CompanionEnv> = async (c, next) => {
        const address = addressOf(c);
        c.set("action", action);
        c.set("address", address);
        checkOrigin(c);
        await rates?.countAddress(address);
        const caller = await signIn(c, access);
        c.set("caller", caller);
        requireRight(caller, access);
        if (access.rate === "write") await rates?.countWrite(caller, address);
        else await rates?.countRead(caller);
        await next();
      };
      actions.set(middleware, action);
      return middleware;
    };

  return {
    guard: guardBy(async (c, access) => {
      c.set("tokenWorkspaceId", null);
      return await signInBy(c.req.raw, access, options);
    }),
    tokenGuard: guardBy(async (c) => {
      const { userId, workspaceId } = await findS3Token(options.storage, c.req.param("token") ?? "");
      c.set("tokenWorkspaceId", workspaceId);
      return { userId };
    }),
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function signInBy(
  request: Request,
  access: Access,
  { authenticate, authenticateService }: Pick<GuardOptions, "authenticate" | "authenticateService">,
): Promise<Caller> {
  // A service is nobody where services have no business.
  const service = access.service === "none" ? null : await authenticateService?.(request);
  if (service !== null && service !== undefined) return service;
  const principal = await authenticate(request);
  if (principal === null) throw new UploadError("unauthenticated", "Sign in first.");
  if (!UUID.test(principal.userId))
    throw new TypeError(
      "`authenticate` must give the id of a row in `users`, a UUID; not the issuer's subject",
    );
  return principal;
}

/** What a role may do in a workspace is decided by the statements; here, who has no business with the route at all. */
function requireRight(caller: Caller, access: Access): void {
  const mayAsk =
    "service" in caller
      ? access.service !== "none"
      : isForUsers(access) || (access.operator !== "none" && isOperator(caller));
  if (!mayAsk) throw new UploadError("forbidden", "You may not do this.");
}
