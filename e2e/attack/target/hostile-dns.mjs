// Loaded into the servers: a name server in the attacker's hands. Names under attack.example lead where it says, others where they do.
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";

const PUBLIC = { address: "93.184.215.14", family: 4 };
const LOOPBACK = { address: "127.0.0.1", family: 4 };
// Another answer each time: one that leads here, one in IPv6's clothes, one among others, and so on.
const REBINDING = [[PUBLIC, LOOPBACK], [LOOPBACK], [{ address: "::ffff:127.0.0.1", family: 6 }]];
let asked = 0;

const { lookup } = dns;
dns.lookup = (hostname, options, callback) => {
  if (!hostname.endsWith(".attack.example")) return lookup(hostname, options, callback);
  const answer = REBINDING[asked++ % REBINDING.length];
  const done = callback ?? options;
  const isAll = typeof options === "object" && options.all === true;
  setImmediate(() => (isAll ? done(null, answer) : done(null, answer[0].address, answer[0].family)));
};
syncBuiltinESMExports();
