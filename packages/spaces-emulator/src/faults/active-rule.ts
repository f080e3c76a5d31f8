import { createHash } from "node:crypto";
import type { StoreView } from "../disk.ts";
import { checkRule, operationsOf } from "./check-rule.ts";
import type { FaultRule } from "./fault-rule.ts";
import type { MatchedRequest, Snapshots } from "./strike.ts";

/** A rule, and how far it has come. */
export class ActiveRule {
  readonly rule: FaultRule;
  readonly id: string;
  readonly #luck: string;
  readonly #operations: ReadonlySet<string>;
  readonly #ended = new AbortController();
  readonly #views = new WeakMap<Snapshots, StoreView>();
  #applied = 0;
  #struck = 0;

  /** @param luck Seed and place of the rule: what its chances depend on. */
  constructor(rule: unknown, id: string, luck: string) {
    this.rule = checkRule(rule);
    this.id = id;
    this.#luck = luck;
    this.#operations = new Set(operationsOf(this.rule));
    const { forMs } = this.rule;
    if (forMs !== undefined) setTimeout(() => this.end(), forMs).unref();
  }

  /** Aborts when it is healed or its time is up. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  end(): void {
    this.#ended.abort();
  }

  /** What lists are to tell under this rule: the store as it was before the first request since. */
  viewOf(store: Snapshots): StoreView | undefined {
    if (this.rule.fault !== "stale-list") return undefined;
    const view = this.#views.get(store) ?? store.snapshot();
    this.#views.set(store, view);
    return view;
  }

  /** @returns Which of the requests that it applies to this one is, if it is to be struck. */
  strikes({ operation, key }: MatchedRequest): number | undefined {
    const { keyPrefix, nth = 1, times = this.rule.nth === undefined ? Infinity : 1, probability } = this.rule;
    if (this.ended.aborted || !this.#operations.has(operation)) return undefined;
    if (keyPrefix !== undefined && key?.startsWith(keyPrefix) !== true) return undefined;
    const request = ++this.#applied;
    if (request < nth || this.#struck >= times) return undefined;
    if (probability !== undefined && chance(`${this.#luck} ${request}`) >= probability) return undefined;
    this.#struck++;
    return request;
  }
}

/** From 0 to 1, the same for the same text: no request's luck depends on how many came to other rules. */
function chance(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE() / 2 ** 32;
}
