#!/usr/bin/env python3
"""A database that needs long for each statement: a proxy between unix sockets.

    slow_proxy.py LISTEN SERVER DELAYFILE

Passes on what comes at the socket LISTEN to the one called SERVER, and back. Before anything goes to the server it waits for as
many seconds as DELAYFILE says at that moment.
"""

import asyncio
import sys


async def pass_on(reader, writer, delay):
    try:
        while data := await reader.read(65536):
            await asyncio.sleep(delay())
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main(listen, server, delay_file):
    def delay():
        with open(delay_file, encoding="ascii") as f:
            return float(f.read() or 0)

    async def serve(reader, writer):
        try:
            server_reader, server_writer = await asyncio.open_unix_connection(server)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pass_on(reader, server_writer, delay), pass_on(server_reader, writer, lambda: 0))

    async with await asyncio.start_unix_server(serve, listen) as site:
        await site.serve_forever()


asyncio.run(main(*sys.argv[1:]))
