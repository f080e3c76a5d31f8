import { createHmac, timingSafeEqual } from "node:crypto";
import { running } from "../world/actor.ts";
import type { Faults } from "../world/faults.ts";
import { momentOf } from "../world/take-over-process.ts";
import type { World } from "../world/world.ts";

/** What another system knows of one event. */
export interface HeardEvent {
  id: string;
  /** When it was first sent, whether or not it came; milliseconds since 1970. */
  firstSentAt: number;
  /** When it was first taken, whether or not that was heard. */
  takenAt: number | null;
  body: string;
}

/** Answers 2xx if it takes it; `silence` is a connection on which nothing comes. */
type Answer = { status: number; retryAfter?: number } | "silence" | "reset" | "refused";

/** As receivers of Standard Webhooks do. */
const TOLERANCE_S = 300;
const SECRET = Buffer.alloc(32, "simulated webhook");

/** Another system that is told of events: it believes what is signed, and takes a repeat for what it is. */
export class Receiver {
  readonly #world: World;
  readonly #faults: Faults;
  readonly endpoint = { url: "https://receiver.test/events", secrets: [SECRET] };
  readonly heard = new Map<string, HeardEvent>();
  /** Sent for the first time since somebody looked at the order. */
  readonly fresh: HeardEvent[] = [];
  readonly wrongs: string[] = [];
  downUntil = 0;
  deliveries = 0;

  constructor(world: World, faults: Faults) {
    this.#world = world;
    this.#faults = faults;
  }

  /** In the place of the process's `fetch`. */
  readonly fetch = (_url: unknown, init: RequestInit = {}): Promise<Response> => {
    const { actor, random } = running();
    const headers = new Headers(init.headers);
    const body = typeof init.body === "string" ? init.body : "";
    this.#send(headers.get("webhook-id") ?? "", body);
    return new Promise((resolve, reject) => {
      init.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error), { once: true });
      void this.#deliver(headers, body).then((answer) => {
        if (answer === "silence") return;
        const give = () => {
          if (answer === "reset" || answer === "refused") return reject(fetchFailed(answer));
          const { status, retryAfter } = answer;
          const more = retryAfter === undefined ? {} : { headers: { "retry-after": String(retryAfter) } };
          resolve(new Response(null, { status, ...more }));
        };
        this.#world.after(random.skewed(1, 200), give, actor);
      });
    });
  };

  #send(id: string, body: string): void {
    const known = this.heard.get(id);
    if (known === undefined) {
      const event = { id, firstSentAt: momentOf(this.#world.now), takenAt: null, body };
      this.heard.set(id, event);
      this.fresh.push(event);
    } else if (known.body !== body) this.wrongs.push(`17: event ${id} was ${known.body}, and is ${body} now`);
  }

  async #deliver(headers: Headers, body: string): Promise<Answer> {
    const { random } = running();
    const faults = this.#faults;
    this.deliveries++;
    const isSlow = faults.strike("webhook-slow");
    await this.#world.sleep(random.skewed(1, isSlow ? 40_000 : 500), this.#world.wire);
    if (this.#world.now < this.downUntil) {
      faults.note("webhook-down");
      return random.chance(0.7) ? "refused" : "silence";
    }
    if (faults.strike("webhook-timeout-before")) return "silence";
    if (faults.strike("webhook-500-before"))
      return random.chance(0.5) ? { status: 500 } : { status: 503, retryAfter: random.below(60) };
    const status = this.#take(headers, body);
    if (faults.strike("webhook-timeout-after")) return "silence";
    if (faults.strike("webhook-reset-after")) return "reset";
    if (faults.strike("webhook-500-after")) return { status: 500 };
    return { status };
  }

  #take(headers: Headers, body: string): number {
    const id = headers.get("webhook-id") ?? "";
    const timestamp = headers.get("webhook-timestamp") ?? "";
    const mac = createHmac("sha256", SECRET).update(`${id}.${timestamp}.${body}`).digest();
    const given = Buffer.from((headers.get("webhook-signature") ?? "").replace(/^v1,/, ""), "base64");
    if (given.length !== mac.length || !timingSafeEqual(given, mac)) {
      this.wrongs.push(`17: event ${id} is not signed by its sender`);
      return 401;
    }
    const now = momentOf(this.#world.now);
    // One who was asleep between claiming and sending; the next attempt is signed anew.
    if (Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_S) {
      this.#faults.note("webhook-too-old");
      return 400;
    }
    const known = this.heard.get(id);
    if (known !== undefined) known.takenAt ??= now;
    return 204;
  }
}

function fetchFailed(answer: "reset" | "refused"): TypeError {
  const code = answer === "reset" ? "ECONNRESET" : "ECONNREFUSED";
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}
