import { pipeline, type Readable } from "node:stream";
import type { Answer } from "../answer.ts";
import type { HandlerContext } from "../handler-context.ts";
import { S3Error } from "../s3-error.ts";
import type { S3Request } from "../s3-request.ts";
import { writeXml } from "../xml.ts";
import { cutter, throttle } from "./body-streams.ts";
import type { Effect } from "./fault-rule.ts";
import { type Strike, waitUnless } from "./strike.ts";

/** What a fault changes in how a request is carried out. */
export type Carried = Partial<Pick<HandlerContext, "request" | "skewMs" | "listed" | "beforeCompletion">>;

const CODES: Record<number, string> = {
  400: "InvalidRequest",
  403: "AccessDenied",
  404: "NoSuchKey",
  429: "TooManyRequests",
  500: "InternalError",
  503: "SlowDown",
};

/**
 * Answers a request that a fault chose.
 *
 * @param connection To the client. `closed` aborts when it ends, `stopped` when the emulator does.
 * @param carryOut What is done without the fault. What it refuses is refused, and the fault did not happen.
 * @returns `undefined` where there is no answer.
 */
export async function answerUnder(
  strike: Strike,
  request: S3Request,
  connection: { reset: () => void; closed: AbortSignal; stopped: AbortSignal },
  carryOut: (change?: Carried) => Promise<Answer>,
): Promise<Answer | undefined> {
  const { fault, happened } = strike;
  /** A client that goes away changes nothing, as at a real store; only a store that is stopped does not come back to it. */
  const wait = async (ms: number | undefined): Promise<void> => {
    await waitUnless(ms, [strike.ended, connection.stopped]);
    if (connection.stopped.aborted) throw new S3Error(503, "ServiceUnavailable");
  };
  /** A body that nobody reads would end the connection before the answer is read. */
  const proceed = async (effect: Effect = "none"): Promise<Answer | undefined> => {
    const answer = effect === "done" ? await carryOut() : await drain(request.body);
    happened();
    return answer;
  };
  const reset = (): undefined => {
    happened();
    connection.reset();
  };

  switch (fault.fault) {
    case "error": {
      const { status = 500 } = fault;
      await proceed(fault.effect);
      throw new S3Error(
        status,
        fault.code ?? CODES[status] ?? "InternalError",
        "A fault that was asked for.",
      );
    }
    case "error-in-200": {
      await proceed(fault.effect);
      const content = { Code: "InternalError", Message: "A fault that was asked for." };
      return {
        status: 200,
        headers: { "content-type": "application/xml" },
        body: writeXml("Error", content, ""),
      };
    }
    case "lost-answer":
      await carryOut();
      return reset();
    case "time-out":
      await proceed(fault.effect);
      await waitUnless(undefined, [strike.ended, connection.closed, connection.stopped]);
      return reset();
    case "delay": {
      if (fault.effect === "done") {
        const answer = await proceed("done");
        await wait(fault.ms);
        return answer;
      }
      happened();
      await wait(fault.ms);
      return carryOut();
    }
    case "slow-complete":
      return carryOut({
        beforeCompletion: () => {
          happened();
          return wait(fault.ms);
        },
      });
    case "reset":
      return resetInBody();
    case "slow-socket":
      return carryOut({ request: over(request, throttle(fault.bytesPerSecond, strike.ended, happened)) });
    case "clock-skew":
      return carryOut({ skewMs: fault.aheadMs }).catch((error: unknown) => {
        if (error instanceof S3Error && error.status === 403) happened();
        throw error;
      });
    case "stale-list": {
      const answer = await carryOut(strike.view === undefined ? {} : { listed: strike.view });
      happened();
      return answer;
    }
    case "store-full":
      await proceed();
      if (fault.of === "quota") throw new S3Error(403, "QuotaExceeded");
      throw Object.assign(new Error("no space left: a fault that was asked for"), { code: "ENOSPC" });
    case "truncated":
    case "hidden-etag":
      return carryOut();
    default:
      return fault satisfies never;
  }

  async function resetInBody(): Promise<Answer | undefined> {
    // What reads has its body in the answer.
    if (request.method === "GET") return carryOut();
    const length = Number(request.headers["content-length"] ?? 0);
    if (length === 0) return reset();
    const { afterBytes = Math.floor(length / 2) } = fault as { afterBytes?: number };
    let isReset = false;
    const stream = cutter(afterBytes, () => {
      isReset = true;
      reset();
    });
    return carryOut({ request: over(request, stream) }).catch((error: unknown) => {
      if (isReset) return undefined;
      throw error;
    });
  }
}

function over(request: S3Request, stream: ReturnType<typeof cutter>): S3Request {
  // Whoever reads the last of it hears of what breaks.
  return { ...request, body: pipeline(request.body, stream, () => undefined) };
}

async function drain(body: Readable): Promise<undefined> {
  try {
    for await (const _ of body);
  } catch {
    // The sender went away: there is nobody to answer.
  }
  return undefined;
}
