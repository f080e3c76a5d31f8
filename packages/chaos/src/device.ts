import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { CreatedUpload, PartUrl } from "@audiotricks/protocol/messages";
import { bytesOf, type SentFile } from "./ledger.ts";
import { ask, note, type Person, pickSize } from "./person.ts";

const ATTEMPTS = 12;

/** Uploads one file after another over the HTTP interface, as politely as a script does: twice, late, at once, or not to the end. */
export async function runDevice(person: Person): Promise<void> {
  for (let number = 1; !person.signal.aborted; number++) {
    await uploadOne(person, number);
    await delay(person.random.between(0, 300));
  }
}

async function uploadOne(person: Person, number: number): Promise<void> {
  const { random, ledger, userId, signal } = person;
  const { size, method } = pickSize(random);
  const name = `${person.name}-${number}.wav`;
  const file = ledger.born({ name, userId, size, seed: random.whole(1, 2 ** 31) });
  const session = await create(person, file, method);
  if (session === undefined) return;
  const isLeftBehind = random.chance(0.08);
  const isCancelled = random.chance(0.12);
  const isSent = await sendParts(
    person,
    file,
    session,
    isLeftBehind ? Math.ceil(session.partCount / 2) : session.partCount,
  );
  if (isLeftBehind) return ledger.count("left behind");
  const endings: Promise<unknown>[] = [];
  if (isCancelled) {
    file.isCancelAsked = true;
    endings.push(delay(random.between(0, 300)).then(() => cancel(person, file, session.sessionId)));
  }
  // Also what was not sent whole: the companion has to notice.
  if (!isCancelled || random.chance(0.7))
    for (
      let times = random.weighted([
        [1, 6],
        [2, 2],
        [5, 1],
      ] as const);
      times > 0;
      times--
    )
      endings.push(complete(person, file, session, isSent ? ATTEMPTS : 2));
  await Promise.all(endings);
  if (random.chance(0.25)) await sendLate(person, file, session);
  if (file.acknowledged === undefined) return;
  if (random.chance(0.3)) await download(person, file);
  if (!signal.aborted && random.chance(0.25)) await remove(person, file, file.acknowledged.id);
}

/** Until it is answered; every repetition, also one at the same time, must find the same session. */
async function create(
  person: Person,
  file: SentFile,
  method: "put" | "multipart" | undefined,
): Promise<CreatedUpload | undefined> {
  const { client, random, ledger, workspaceId } = person;
  const wish = {
    clientId: file.name,
    name: file.name,
    size: file.size,
    type: "audio/wav",
    ...(method !== undefined && { method }),
    ...(workspaceId !== undefined && { workspaceId }),
  };
  const once = async (): Promise<CreatedUpload | "refused" | undefined> => {
    const answer = await ask(person, client.createUploads({ files: [wish] }, { idempotencyKey: file.name }));
    const result = answer?.results[0];
    if (result === undefined) return undefined;
    if ("session" in result) {
      file.sessionIds.add(result.session.sessionId);
      return result.session;
    }
    ledger.count(`refused: ${result.error.code}`);
    return ["storage_unavailable", "database_unavailable", "internal"].includes(result.error.code)
      ? undefined
      : "refused";
  };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const answers = await Promise.all(Array.from({ length: random.chance(0.1) ? 3 : 1 }, once));
    if (file.sessionIds.size > 1)
      ledger.wrong(
        `6: one key of idempotency began sessions ${[...file.sessionIds].join(", ")} for ${file.name}`,
      );
    const session = answers.find((answer) => typeof answer === "object");
    if (session !== undefined) return session;
    if (answers.includes("refused")) return undefined;
    await delay(300 * attempt);
  }
  return undefined;
}

async function sendParts(
  person: Person,
  file: SentFile,
  { sessionId, partSize, urls }: CreatedUpload,
  count: number,
): Promise<boolean> {
  const bytes = bytesOf(file);
  const known = new Map(urls.map((url) => [url.partNumber, url]));
  const send = async (partNumber: number): Promise<boolean> => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const url = known.get(partNumber) ?? (await sign(person, sessionId, partNumber));
      if (url !== undefined) {
        known.set(partNumber, url);
        const offset = (partNumber - 1) * partSize;
        const status = await put(url, bytes.subarray(offset, offset + url.size));
        if (status === 200) return true;
        person.ledger.count(`PUT: ${status ?? "connection lost"}`);
        if (person.random.chance(0.3)) known.delete(partNumber);
      }
      await delay(200 * attempt);
    }
    return false;
  };
  const sent = await Promise.all(Array.from({ length: count }, (_, index) => send(index + 1)));
  return sent.every((is) => is);
}

async function sign(person: Person, sessionId: string, partNumber: number): Promise<PartUrl | undefined> {
  const answer = await ask(person, person.client.signParts(sessionId, { partNumbers: [partNumber] }));
  return answer?.urls[0];
}

async function put({ url, headers }: PartUrl, body: Uint8Array<ArrayBuffer>): Promise<number | undefined> {
  const md5 = createHash("md5").update(body).digest("base64");
  try {
    const answer = await fetch(url, { method: "PUT", headers: { ...headers, "content-md5": md5 }, body });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return undefined;
  }
}

async function complete(
  person: Person,
  file: SentFile,
  { sessionId }: CreatedUpload,
  attempts: number,
): Promise<void> {
  const { client, ledger, random } = person;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const request = random.chance(0.5) ? { sha256: file.sha256 } : {};
    try {
      const answer = await client.completeUpload(sessionId, request);
      if (answer.state === "completed") return ledger.acknowledge(file, answer.file);
      ledger.count("said to be completing");
      await delay(answer.retryAfterMs);
    } catch (error) {
      note(ledger, error);
      if (isFinal(error)) return;
      await delay(300 * attempt);
    }
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof Error && "retryable" in error && error.retryable === false;
}

async function cancel(person: Person, file: SentFile, sessionId: string): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const { state } = await person.client.cancelUpload(sessionId);
      if (state !== "failed") {
        file.saidAborted.add(sessionId);
        person.ledger.count("cancelled");
        if (file.acknowledged !== undefined)
          person.ledger.wrong(`7: ${file.name} was said to be stored, then to be ${state}`);
      }
      return;
    } catch (error) {
      note(person.ledger, error);
      if (isFinal(error)) return;
      await delay(300 * attempt);
    }
  }
}

/** Other bytes to URLs that were used or ended: whatever comes of it, what was acknowledged stays. */
async function sendLate(
  { ledger }: Person,
  file: SentFile,
  { urls, partSize }: CreatedUpload,
): Promise<void> {
  const other = bytesOf({ size: file.size, seed: file.seed + 1 });
  const [url] = urls;
  if (url === undefined || (file.acknowledged === undefined && file.saidAborted.size === 0)) return;
  const offset = (url.partNumber - 1) * partSize;
  const status = await put(url, other.subarray(offset, offset + url.size));
  ledger.count(`late PUT: ${status ?? "connection lost"}`);
}

async function download(person: Person, file: SentFile): Promise<void> {
  const { client, ledger } = person;
  const fileId = file.acknowledged?.id ?? "";
  const signed = await ask(person, client.createDownload(fileId));
  if (signed === undefined) return;
  try {
    const answer = await fetch(signed.url);
    const bytes = await answer.bytes();
    if (answer.status === 404) ledger.wrong(`1: ${file.name} was acknowledged, and its download is 404`);
    if (!answer.ok) return ledger.count(`download: ${answer.status}`);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (sha256 !== file.sha256) ledger.wrong(`1: ${file.name} was downloaded as other bytes`);
    ledger.count("downloads");
  } catch {
    ledger.count("download: connection lost");
  }
}

async function remove(person: Person, file: SentFile, fileId: string): Promise<void> {
  file.isDeleteAsked = true;
  const once = async (): Promise<void> => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        await person.client.deleteFile(fileId);
        if (!file.isSaidDeleted) person.ledger.count("deleted");
        file.isSaidDeleted = true;
        return;
      } catch (error) {
        note(person.ledger, error);
        if (isFinal(error)) return;
        await delay(300 * attempt);
      }
    }
  };
  await Promise.all(Array.from({ length: person.random.chance(0.3) ? 2 : 1 }, once));
}
