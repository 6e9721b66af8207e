"""faster-whisper as a resident program: python peer.py MODEL COMPUTE_TYPE THREADS BEAM_SIZE

Prints a line of JSON when the model is loaded, then one for each line of JSON it reads.
"""

import statistics
import sys
import time

from resident import peak_rss_bytes, requests, say

import faster_whisper
from faster_whisper.audio import decode_audio, pad_or_trim


def main():
    folder, compute_type, threads, beam_size = sys.argv[1:]
    began = time.perf_counter()
    model = faster_whisper.WhisperModel(folder, device="cpu", compute_type=compute_type, cpu_threads=int(threads))
    say({"version": faster_whisper.__version__, "load_seconds": time.perf_counter() - began})
    for request in requests():
        if request["kind"] == "kernels":
            say(kernels(model, request["path"]))
        else:
            say(transcribe(model, request, int(beam_size)))


def transcribe(model, request, beam_size):
    began = time.perf_counter()
    options = {"language": request["language"], "beam_size": beam_size}
    if request["batch_size"]:
        model = faster_whisper.BatchedInferencePipeline(model)
        options["batch_size"] = request["batch_size"]
    segments, info = model.transcribe(request["path"], **options)
    text = "".join(segment.text for segment in segments)
    return {"seconds": time.perf_counter() - began, "text": text, "language": info.language,
            "peak_rss_bytes": peak_rss_bytes()}


def kernels(model, path):
    samples = decode_audio(path)[:480_000]
    features_ms = median_ms(lambda: model.feature_extractor(samples))
    window = pad_or_trim(model.feature_extractor(samples)[:, :3000])
    return {"features_ms": features_ms, "encoder_ms": median_ms(lambda: model.encode(window))}


def median_ms(work, rounds=7):
    work()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


if __name__ == "__main__":
    main()
