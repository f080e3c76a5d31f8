import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import type {
  CompleteUploadsResponse,
  CreatedUpload,
  CreateUploadsResponse,
  SignPartsResponse,
} from "@audiotricks/protocol/messages";

/** The companion's interface as a browser uses it, with as little work of our own as there can be. */
export class UploadClient implements Disposable {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(port: number) {
    this.#port = port;
  }

  async start(userId: string, sizes: readonly number[]): Promise<CreatedUpload[]> {
    const files = sizes.map((size, index) => ({
      clientId: String(index),
      name: `song ${index}.wav`,
      size,
      type: "audio/wav",
    }));
    const { results } = await this.#post<CreateUploadsResponse>(userId, "/v1/uploads", { files });
    return results.map((result) => {
      if ("error" in result) throw new Error(result.error.message);
      return result.session;
    });
  }

  async sign(userId: string, sessionId: string, body: object): Promise<SignPartsResponse> {
    return this.#post(userId, `/v1/uploads/${sessionId}/parts/sign`, body);
  }

  async complete(userId: string, sessions: readonly CreatedUpload[]): Promise<void> {
    const uploads = sessions.map(({ sessionId }) => ({ sessionId }));
    const { results } = await this.#post<CompleteUploadsResponse>(userId, "/v1/uploads/complete", {
      uploads,
    });
    for (const result of results) {
      if ("error" in result || result.state !== "completed") throw new Error(JSON.stringify(result));
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #post<Answer>(userId: string, path: string, message: object): Promise<Answer> {
    const body = JSON.stringify(message);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: "127.0.0.1",
          port: this.#port,
          path,
          method: "POST",
          agent: this.#agent,
          headers: {
            authorization: userId,
            "content-type": "application/json",
            "content-length": Buffer.byteLength(body),
            "idempotency-key": randomUUID(),
          },
        },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (piece: string) => {
            text += piece;
          });
          answer.on("error", reject).on("end", () => {
            if (answer.statusCode === 200) resolve(JSON.parse(text) as Answer);
            else reject(new Error(`${path}: ${answer.statusCode} ${text}`));
          });
        },
      );
      sent.on("error", reject).end(body);
    });
  }
}
