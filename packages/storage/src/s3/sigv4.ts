import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";

export interface SigningCredentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** Signs for one key pair and region; the key derived for a day is kept, so a signature costs two hashes. */
export interface Sigv4 {
  /** Date, day and credential as they appear in a signed request made at `at`. */
  stamp(at: Date): { amzDate: string; credential: string };
  signRequest(canonicalRequest: string, at: Date): string;
  signPolicy(base64Policy: string, at: Date): string;
}

export function createSigv4(credentials: SigningCredentials, region: string): Sigv4 {
  /** As a key object: with bytes for a key, OpenSSL makes one each time, at five times the cost of the signature. */
  let cached: { day: string; key: KeyObject } | undefined;

  function keyFor(day: string): KeyObject {
    if (cached?.day !== day) {
      const dayKey = hmac(`AWS4${credentials.secretAccessKey}`, day);
      const key = hmac(hmac(hmac(dayKey, region), "s3"), "aws4_request");
      cached = { day, key: createSecretKey(key) };
    }
    return cached.key;
  }

  return {
    stamp: (at) => {
      const amzDate = toAmzDate(at);
      return { amzDate, credential: `${credentials.accessKeyId}/${scopeOf(amzDate, region)}` };
    },
    signRequest: (canonicalRequest, at) => {
      const amzDate = toAmzDate(at);
      const digest = hash("sha256", canonicalRequest);
      const text = `AWS4-HMAC-SHA256\n${amzDate}\n${scopeOf(amzDate, region)}\n${digest}`;
      return hmac(keyFor(amzDate.slice(0, 8)), text).toString("hex");
    },
    signPolicy: (base64Policy, at) => hmac(keyFor(toAmzDate(at).slice(0, 8)), base64Policy).toString("hex"),
  };
}

let lastSecond = { at: Number.NaN, amzDate: "" };

/** Thousands of signatures are made in one second. */
function toAmzDate(at: Date): string {
  const second = Math.floor(at.getTime() / 1000);
  if (lastSecond.at !== second)
    lastSecond = { at: second, amzDate: at.toISOString().replaceAll(/[-:]|\.\d{3}/g, "") };
  return lastSecond.amzDate;
}

function scopeOf(amzDate: string, region: string): string {
  return `${amzDate.slice(0, 8)}/${region}/s3/aws4_request`;
}

function hmac(key: string | Buffer | KeyObject, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
