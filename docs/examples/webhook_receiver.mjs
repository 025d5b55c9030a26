// Receives webhooks of the site, without any package: `node webhook_receiver.mjs 9000 whsec_…`.
// Copy `verify`: it needs the bytes of the body as they came, before anything parsed them.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const TOLERANCE = 300; // seconds

// What a webhook says; throws for one that is not the site's, or is old. `body` is a Buffer, names are in lower case.
export function verify(secret, headers, body) {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures = "" } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= TOLERANCE)) throw new Error("too old");
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const wanted = Buffer.from("v1," + createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64"));
  // Two for a day after the secret was changed, with a space between.
  const same = (one) => one.length === wanted.length && timingSafeEqual(Buffer.from(one), wanted);
  if (!signatures.split(" ").some(same)) throw new Error("signed by somebody else");
  return JSON.parse(body.toString("utf8"));
}

const [port, secret] = process.argv.slice(2);
const seen = new Set(); // in a real receiver: a column with a unique index

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  try {
    const message = verify(secret, request.headers, Buffer.concat(parts));
    if (!seen.has(request.headers["webhook-id"])) { // the same message may come again
      seen.add(request.headers["webhook-id"]);
      console.log(message.type, JSON.stringify(message.data));
    }
    response.statusCode = 204;
  } catch (error) {
    console.log("refused:", error.message);
    response.statusCode = 401;
  }
  response.end();
}).listen(Number(port), "127.0.0.1");
