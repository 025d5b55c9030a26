"""Prints a vendor's live feed, each event once: feed_client.py http://127.0.0.1:8000 3 vendor@example.com PASSWORD"""

import asyncio
import json
import sys
import urllib.request

import websockets  # pip install websockets

SITE, VENDOR, EMAIL, PASSWORD, RENEW_AFTER = [*sys.argv[1:], 600][:5] if sys.argv[4:] else sys.exit(__doc__)
SITE, tokens, feed = SITE.rstrip("/"), {}, {"position": 0, "epoch": "none"}  # read up to here; of no epoch: a reset


async def call(path, body=None):
    headers = {"Content-Type": "application/json"} if body else {"Authorization": f"Bearer {tokens['access']}"}
    request = urllib.request.Request(f"{SITE}/api/v1{path}", json.dumps(body).encode() if body else None, headers)
    return await asyncio.to_thread(urllib.request.urlopen, request, timeout=20)


async def read_board():
    answer = await call(f"/orders?mode=dashboard&group=open&vendor={VENDOR}")
    feed.update(position=int(answer.headers["Feed-Position"]), epoch=answer.headers["Feed-Epoch"])
    print("board", feed["position"], [order["id"] for order in json.load(answer)["results"]], flush=True)


async def read(socket):
    async for text in socket:
        event = json.loads(text)
        if event["kind"] == "reset":
            await read_board()
        elif event["position"] > feed["position"]:  # while one socket replaces another, both tell
            feed["position"] = event["position"]  # a board reads the order again now, "hidden" or not
            print(event["position"], event["kind"], event["order"], event["from"], event["to"], flush=True)


async def follow(socket=None):
    while True:
        refresh = tokens.pop("refresh", None)
        proof = {"refresh": refresh} if refresh else {"email": EMAIL, "password": PASSWORD}
        try:
            tokens.update(json.load(await call("/auth/token/refresh" if refresh else "/auth/token", proof)))
            url = f"ws{SITE[4:]}/ws/vendors/{VENDOR}?since={feed['position']}&epoch={feed['epoch']}"
            subprotocols = ["ordersite.v1", f"bearer.{tokens['access']}"]
            before, socket = socket, await websockets.connect(url, subprotocols=subprotocols)
            await socket.recv()  # hello: from now on this one tells all, so that the one before may go
            if before:
                await before.close()
            await asyncio.wait([reader := asyncio.create_task(read(socket))], timeout=float(RENEW_AFTER))  # of 900
            if reader.done():
                reader.result()  # raises what ended it
        except (OSError, websockets.WebSocketException) as error:
            print("lost:", error, flush=True)
            code = getattr(getattr(error, "rcvd", error), "code", 0)
            if code in (404, 4400, 4403, 4404) or (code == 401 and not refresh):
                raise SystemExit(1) from error  # to try again would not help
            await asyncio.sleep(2)


asyncio.run(follow())
