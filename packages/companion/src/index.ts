export type { Principal, ServicePrincipal } from "@audiotricks/storage";
export { DEFAULT_RATE_LIMITS, type RateLimits } from "./access/rate-limits.ts";
export type { Authenticate, AuthenticateService } from "./authenticate.ts";
export { type BearerJwtOptions, bearerJwt } from "./bearer-jwt.ts";
export { type Companion, type CompanionOptions, createCompanion } from "./create-companion.ts";
export type { UnexpectedErrorContext } from "./error-response.ts";
export type { RequestEntry } from "./request-log.ts";
export { serviceToken } from "./service-token.ts";
export { type SessionCookie, type SessionCookieOptions, sessionCookie } from "./session-cookie.ts";
