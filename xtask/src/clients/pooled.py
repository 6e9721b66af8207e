"""Clients in Python that keep their connections: whether the request after an early answer succeeds.

`pooled.py LIBRARY URL` prints a line for each case: its name, then how many of the rounds failed.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import requests


def form(name, size):
    """The body of a form with one file of `size` bytes, and its type."""
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + bytes(size) + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"


def session(library):
    if library == "requests":
        client = requests.Session()
        client.trust_env = False
        send = lambda method, url, **more: client.request(method, url, allow_redirects=False, timeout=60, **more)
    else:
        client = httpx.Client(trust_env=False, timeout=60)
        send = lambda method, url, **more: client.request(
            method, url, **({"content": more.pop("data")} if "data" in more else {}), **more
        )
    return client, send


def attempt(library, url, case, size):
    """Nothing if both requests are answered as they should be, else what went wrong."""
    body, kind = form(case["file_name"], size)
    client, send = session(library)
    with client:
        try:
            send("GET", url + "/health")
            early = send(case["method"], url + case["path"], data=body, headers={"Content-Type": kind})
            if early.status_code != case["status"]:
                return f"status {early.status_code}"
            early.content
            if size > 2_000_000 and early.headers.get("connection") != "close":
                return "the answer does not say that the connection ends"
            after = send("GET", url + "/health")
            return None if after.status_code == 200 else f"then {after.status_code}"
        except (requests.RequestException, httpx.HTTPError) as error:
            return f"{type(error).__name__}: {error}"


def main():
    library, url, plan = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    tries = [(case, size) for case in plan["cases"] for size in plan["sizes"] for _ in range(plan["rounds"])]
    with ThreadPoolExecutor(plan["at_once"]) as pool:
        problems = pool.map(lambda each: attempt(library, url, *each), tries)
        for (case, size), problem in zip(tries, problems):
            if problem:
                print(f"{library}: {case['status']} after {size} bytes: {problem}")


main()
