"""whisperX's transcribe step as a resident program: python whisperx_peer.py MODEL COMPUTE_TYPE THREADS BEAM_SIZE

Speaks as peer.py does. Finding speech is part of the step, as whisperX has it.
"""

import importlib.metadata
import sys
import time

from resident import peak_rss_bytes, requests, say

import torch
import whisperx


def main():
    folder, compute_type, threads, beam_size = sys.argv[1:]
    torch.set_num_threads(int(threads))
    began = time.perf_counter()
    pipeline = whisperx.load_model(folder, "cpu", compute_type=compute_type, threads=int(threads),
                                   asr_options={"beam_size": int(beam_size)}, vad_method="pyannote")
    say({"version": importlib.metadata.version("whisperx"), "load_seconds": time.perf_counter() - began})
    for request in requests():
        say(transcribe(pipeline, request))


def transcribe(pipeline, request):
    began = time.perf_counter()
    samples = whisperx.load_audio(request["path"])
    result = pipeline.transcribe(samples, batch_size=request["batch_size"] or 1, language=request["language"])
    text = "".join(segment["text"] for segment in result["segments"])
    return {"seconds": time.perf_counter() - began, "text": text, "language": result["language"],
            "peak_rss_bytes": peak_rss_bytes()}


if __name__ == "__main__":
    main()
