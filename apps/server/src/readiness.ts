type Fetch = (request: Request, ...more: never[]) => Response | Promise<Response>;

/** `/readyz` says no from the moment that the server is to stop, while everything else is still served. */
export function withReadiness<F extends Fetch>(fetch: F): { fetch: F; turnOff: () => void } {
  let isOff = false;
  const gated = (request: Request, ...more: never[]): Response | Promise<Response> =>
    isOff && new URL(request.url).pathname === "/readyz"
      ? Response.json(
          { error: { code: "storage_unavailable", message: "Not ready: stopping." } },
          { status: 503, headers: { "cache-control": "no-store" } },
        )
      : fetch(request, ...more);
  return {
    fetch: gated as F,
    turnOff: () => {
      isOff = true;
    },
  };
}
