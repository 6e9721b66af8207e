"""What Schemathesis cannot guess: files that can be used, and a machine that may be called.

Of three requests two bring what the service can use, so that they get as far as a task; the third brings what was
generated. Which of them a request is depends on nothing but itself, so that a failure can be shown again.
"""

import io
import json
import os
import wave
import zlib

import schemathesis


def tone():
    """A tenth of a second of sound."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(range(200)) * 16)
    return file.getvalue()


def document(content):
    return json.dumps(content).encode()


WORDS = [{"word": "Hello.", "start": 0.0, "end": 0.1, "score": 0.9}]
SEGMENT = {"start": 0.0, "end": 0.1, "text": " Hello."}
TURN = {"label": "A", "speaker": "SPEAKER_00", "start": 0.0, "end": 0.1}
FILES = {
    "file": ("tone.wav", tone()),
    "transcript": ("transcript.json", document({"language": "en", "segments": [SEGMENT]})),
    "aligned_transcript": (
        "aligned.json",
        document({"segments": [SEGMENT | {"words": WORDS}], "word_segments": WORDS}),
    ),
    "diarization_result": ("turns.json", document([TURN])),
}
ORIGIN = os.environ["SCRIVEN_TEST_ORIGIN"]


def is_to_be_used(case):
    return zlib.crc32(repr((case.path, case.query)).encode()) % 3 != 0


def is_mistake(part):
    return part is None or isinstance(part, (bool, int, float, list, dict))


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.method != "POST" or not is_to_be_used(case):
        return
    if isinstance(case.query, dict) and case.query.get("callback_url"):
        case.query["callback_url"] = ORIGIN + "/callback"
    if not isinstance(case.body, dict):
        return
    if case.body.get("url"):
        case.body["url"] = ORIGIN + "/tone.wav"
    # What is missing, or no file, is a mistake that stays one.
    if case.body and all(name in FILES and not is_mistake(part) for name, part in case.body.items()):
        kwargs["files"] = [(name, FILES[name]) for name in case.body]
