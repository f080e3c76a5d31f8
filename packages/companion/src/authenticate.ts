import type { Principal, ServicePrincipal } from "@audiotricks/storage";

/**
 * Decides who asks: the host's session cookie, a bearer token (`bearerJwt`), anything. `null` answers 401; an
 * `UploadError` is answered as it is; whatever else is thrown is a fault of ours (500). Must not read the body.
 */
export type Authenticate = (request: Request) => Promise<Principal | null>;

/** Decides whether a service of ours asks; `null` for everybody else. Must not read the body. */
export type AuthenticateService = (request: Request) => Promise<ServicePrincipal | null>;
