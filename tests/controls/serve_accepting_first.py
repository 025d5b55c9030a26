"""A control: `manage.py serve` that accepts a socket before it has read where the stream stands."""

import asyncio
import os
import sys
from typing import Any

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordersite.settings")
    os.environ.setdefault("ORDERSITE_PROCESS", "asgi")
    import django

    django.setup()
    from tracking.feed.consumers import FeedConsumer
    from tracking.feed.hub import Hub

    accept, admit = FeedConsumer.accept, Hub.admit

    async def accept_once(self: Any) -> None:
        if not getattr(self, "is_accepted", False):
            self.is_accepted = True
            await accept(self)

    async def serve(self: Any, *, then: Any = FeedConsumer.serve) -> None:
        await self.accept()
        await then(self)

    async def admit_late(self: Any, knock: Any) -> Any:
        await asyncio.sleep(0.5)
        return await admit(self, knock)

    FeedConsumer.accept = accept_once  # type: ignore[method-assign]
    FeedConsumer.serve = serve  # type: ignore[method-assign]
    Hub.admit = admit_late  # type: ignore[method-assign]
    execute_from_command_line(["manage.py", "serve", *sys.argv[1:]])
