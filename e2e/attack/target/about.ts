import { inject } from "vitest";

/** Where everything is that is attacked, and with which secrets it was started. */
export interface Target {
  /** Of the server. */
  url: string;
  pid: number;
  /** Of a second server on the same database and store, which allows little and talks to internal hosts. */
  strictUrl: string;
  strictPid: number;
  /** Of the local store, inside the first server. */
  store: { endpoint: string; region: string; bucket: string; accessKeyId: string; secretAccessKey: string };
  databaseUrl: string;
  /** Page that may use the servers. */
  pageOrigin: string;
  issuer: {
    name: string;
    audience: string;
    keyId: string;
    privateJwk: object;
    publicJwk: object;
    url: string;
  };
  serviceToken: string;
  encryptionKey: string;
  /** A listener on this port of every address of this machine: nothing may ever connect. */
  trapPort: number;
  /** Answers everything by a redirect to the trap. */
  redirectorPort: number;
  people: { alpha: string; beta: string; gamma: string; operator: string; workspace: string };
  /** Everything that must never be told, from the start on. */
  standingSecrets: string[];
  /** Where logs, connections, events and refusals are written down. */
  folder: string;
  postgresLogs: string;
  openedAt: number;
}

declare module "vitest" {
  export interface ProvidedContext {
    target: Target;
  }
}

export const target: Target = inject("target");
