import { ceiling } from "./ceiling.ts";
import type { Contender } from "./contender.ts";
import { engine } from "./engine.ts";

/** In the order in which they take turns. */
export const CONTENDERS: readonly Contender[] = [ceiling, engine];
