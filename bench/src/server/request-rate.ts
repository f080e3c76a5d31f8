import { Agent, request } from "node:http";

/** Requests at once: with a quarter as many a companion has nothing to do for a quarter of the time. */
const LANES = 48;

export interface Ask {
  method: "GET" | "POST";
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/**
 * Answers a second of one server, each lane asking again once it is answered.
 *
 * @throws {Error} If any answer is not 200.
 */
export async function requestRate(port: number, next: () => Ask, forMs: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: LANES });
  const begunAt = performance.now();
  let answers = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - begunAt < forMs) {
      await askOnce(agent, port, next());
      answers += 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
  } finally {
    agent.destroy();
  }
  return (answers * 1000) / (performance.now() - begunAt);
}

function askOnce(agent: Agent, port: number, { method, path, headers, body }: Ask): Promise<void> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const sent = request(
      { host: "127.0.0.1", port, path, method, agent, headers: { ...headers, ...length } },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
        });
        answer.on("error", reject).on("end", () => {
          if (answer.statusCode === 200) resolve();
          else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
        });
      },
    );
    sent.on("error", reject).end(body);
  });
}
