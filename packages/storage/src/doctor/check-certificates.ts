import { isIP } from "node:net";
import { connect } from "node:tls";
import { urlOf } from "../s3/bucket-address.ts";
import { ANSWER_TIMEOUT_MS, type BucketFinding, type Patient } from "./bucket-finding.ts";

const DAY_MS = 86_400_000;
/** What renews by itself has done so by then, of what lives for 90 days. */
const WARN_BEFORE_DAYS = 21;

/**
 * How long the certificates last of the names that servers and pages use: the store's, the bucket's under it, and the CDN's. One that
 * cannot be had is another check's finding.
 */
export async function checkCertificates({ address, cdnEndpoint, now }: Patient): Promise<BucketFinding[]> {
  const names = new Map([
    [new URL(address.endpoint).origin, "Nobody can upload or play anything then."],
    [new URL(urlOf(address, "")).origin, "Nobody can upload or play anything then."],
  ]);
  const cdn = cdnEndpoint?.includes("://") === false ? `https://${cdnEndpoint}` : cdnEndpoint;
  const cdnOrigin = URL.parse(cdn ?? "")?.origin;
  if (cdnOrigin !== undefined && !names.has(cdnOrigin))
    names.set(cdnOrigin, "Public files cannot be played then.");
  const findings = await Promise.all([...names].map(([origin, breaks]) => judge(origin, breaks, now)));
  return findings.filter((finding) => finding !== undefined);
}

async function judge(origin: string, breaks: string, now: () => Date): Promise<BucketFinding | undefined> {
  const { protocol, hostname, port, host } = new URL(origin);
  if (protocol !== "https:") return undefined;
  const end = await endOfCertificate(hostname.replace(/^\[|\]$/g, ""), Number(port) || 443);
  if (end === undefined) return undefined;
  const days = Math.floor((end.getTime() - now().getTime()) / DAY_MS);
  if (days >= WARN_BEFORE_DAYS) return undefined;
  const day = end.toISOString().slice(0, 10);
  return {
    code: "certificate_expires",
    what: `The certificate of ${host} ${days < 0 ? `has expired on ${day}` : `expires in ${days} days, on ${day}`}.`,
    breaks,
    mend: "Renew it where the name is yours (a domain of your own before the CDN, a gateway), and look at why it did not renew itself; else ask the vendor.",
  };
}

/** Whoever it was made by, and whether or not it is good: nothing is sent there. */
function endOfCertificate(host: string, port: number): Promise<Date | undefined> {
  return new Promise((resolve) => {
    const server = isIP(host) === 0 ? { servername: host } : {};
    const socket = connect({ host, port, ...server, rejectUnauthorized: false }, () => {
      const end = new Date(socket.getPeerCertificate().valid_to);
      done(Number.isNaN(end.getTime()) ? undefined : end);
    });
    const timer = setTimeout(() => done(undefined), ANSWER_TIMEOUT_MS);
    const done = (end: Date | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(end);
    };
    socket.on("error", () => done(undefined));
  });
}
