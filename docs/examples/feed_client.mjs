// Prints a vendor's live feed, each event once: feed_client.mjs http://127.0.0.1:8000 3 vendor@example.com PASSWORD
const [site, vendor, email, password, renewAfter = 600] = process.argv.slice(2); // seconds; an access token lasts 900
if (!password) process.exit(console.error("feed_client.mjs http://127.0.0.1:8000 3 vendor@example.com PASSWORD") ?? 1);
if (typeof WebSocket === "undefined") process.exit(console.error("Node 22 is needed, or --experimental-websocket") ?? 1);
let [feed, tokens] = [{ position: 0, epoch: "none" }, {}]; // read up to here; a position of no epoch is answered by a reset
let handled = Promise.resolve(); // one event after another, of all sockets

async function call(path, body) {
  const headers = body ? { "Content-Type": "application/json" } : { Authorization: `Bearer ${tokens.access}` };
  const method = body ? "POST" : "GET";
  const answer = await fetch(new URL(`/api/v1${path}`, site), { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw Object.assign(new Error(await answer.text()), { code: answer.status });
  return answer;
}

async function readBoard() {
  const answer = await call(`/orders?mode=dashboard&group=open&vendor=${vendor}`);
  feed = { position: Number(answer.headers.get("Feed-Position")), epoch: answer.headers.get("Feed-Epoch") };
  console.log("board", feed.position, (await answer.json()).results.map((order) => order.id));
}

async function handle(event) {
  if (event.kind === "reset") await readBoard();
  else if (event.kind !== "hello" && event.position > feed.position) { // while one socket replaces another, both tell
    feed.position = event.position; // a board reads the order again now, "hidden" or not
    console.log(event.position, event.kind, event.order, event.from, event.to);
  }
}

function listen() {
  const url = new URL(`/ws/vendors/${vendor}?since=${feed.position}&epoch=${feed.epoch}`, `ws${site.slice(4)}`);
  const socket = new WebSocket(url, ["ordersite.v1", `bearer.${tokens.access}`]);
  socket.ended = new Promise((resolve) => (socket.onclose = socket.onerror = resolve));
  socket.began = new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      handled = handled.then(() => handle(JSON.parse(data))).catch(() => socket.close());
      resolve(); // the first is hello: from now on this one tells all, so that the one before may go
    };
  });
  return socket;
}

for (let before, socket; ; before = socket) {
  const { refresh } = tokens;
  const proof = refresh ? { refresh } : { email, password };
  tokens = {};
  try {
    tokens = await (await call(refresh ? "/auth/token/refresh" : "/auth/token", proof)).json();
    socket = listen();
    await Promise.race([socket.began, socket.ended]);
    before?.close();
    const lost = await Promise.race([socket.ended, new Promise((resolve) => setTimeout(resolve, 1000 * renewAfter))]);
    if (lost) throw Object.assign(new Error(lost.reason ?? "no connection"), { code: lost.code });
  } catch (error) {
    console.log("lost:", error.code ?? error.cause?.code ?? "", error.message);
    if ([404, 4400, 4403, 4404].includes(error.code) || (error.code === 401 && !refresh)) process.exit(1);
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}
