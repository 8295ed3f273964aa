"""Sends requests to a server and tells how it went: `load.py`, a JSON list of plans on standard input.

Prints a JSON list: for each plan requests a second, median, 99th percentile and longest latency in ms, the bytes of an
answer, and the CPU time of the server in ms a request (all threads, from /proc).
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def measured(plan: dict[str, Any]) -> dict[str, float]:
    numbers = iter(range(plan["count"]))
    latencies: list[float] = []
    sizes: list[int] = []
    refused: list[str] = []

    async def one(session: aiohttp.ClientSession, number: int) -> None:
        path = plan["paths"][number % len(plan["paths"])]
        body = plan["body"] and json.dumps(plan["body"]).replace("@", f"{plan['salt']}-{number}")
        begin = time.perf_counter()
        async with session.request(plan["method"], plan["url"] + path, data=body) as answer:
            text = await answer.text()
        latencies.append(time.perf_counter() - begin)
        sizes.append(len(text))
        if answer.status >= 300:
            refused.append(text)

    async def caller(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            await one(session, number)

    headers = {"Content-Type": "application/json", **plan["headers"]}
    connector = aiohttp.TCPConnector(limit=plan["callers"])
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        cpu, begin = cpu_s(plan["pid"]), time.perf_counter()
        await asyncio.gather(*(caller(session) for _ in range(plan["callers"])))
        wall, cpu = time.perf_counter() - begin, cpu_s(plan["pid"]) - cpu
    if refused:
        raise SystemExit(f"{len(refused)} requests were refused: {refused[0][:500]}")
    latencies.sort()
    return {
        "rate": len(latencies) / wall,
        "p50": 1000 * latencies[len(latencies) // 2],
        "p99": 1000 * latencies[min(len(latencies) - 1, round(0.99 * len(latencies)))],
        "most": 1000 * latencies[-1],
        "bytes": max(sizes),
        "cpu": 1000 * cpu / len(latencies),
    }


async def main() -> None:
    print(json.dumps([await measured(plan) for plan in json.load(sys.stdin)]))


if __name__ == "__main__":
    asyncio.run(main())
