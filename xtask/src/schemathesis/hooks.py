"""What Schemathesis cannot guess: files that can be used, and a machine that may be called.

A request that is valid by the document always brings what the service can use; of three broken ones two do, so that
nothing but the mistake is wrong with them, and the third brings what was generated. Which of them a request is depends
on nothing but itself, so that a failure can be shown again. Fields that nobody asked for are left out of valid forms.
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


def is_valid(case):
    """Whether the document allows the request."""
    return case.meta is not None and case.meta.generation.mode.is_positive


def is_to_be_used(case):
    return is_valid(case) or zlib.crc32(repr((case.path, case.query)).encode()) % 3 != 0


def is_mistake(part):
    return part is None or isinstance(part, (bool, int, float, list, dict))


def agree(query):
    """Makes parameters fit each other and the recording, which no schema can ask for."""
    for name in ("speakers", "duration"):
        ends = [query.get(end + name) for end in ("min_", "max_")]
        if None not in ends and float(ends[0]) > float(ends[1]):
            query["min_" + name] = ends[1]
    if query.get("audio_track"):
        query["audio_track"] = 1


@schemathesis.hook
def before_call(context, case, kwargs):
    if isinstance(case.query, dict) and is_valid(case):
        agree(case.query)
    if case.method != "POST" or not is_to_be_used(case):
        return
    if isinstance(case.query, dict) and case.query.get("callback_url"):
        case.query["callback_url"] = ORIGIN + "/callback"
    if not isinstance(case.body, dict):
        return
    if case.body.get("url"):
        case.body["url"] = ORIGIN + "/tone.wav"
    files = {name: part for name, part in case.body.items() if name in FILES}
    is_form_of_files = files and (is_valid(case) or len(files) == len(case.body))
    # What is missing, or no file, is a mistake that stays one.
    if is_form_of_files and not any(is_mistake(part) for part in files.values()):
        kwargs["files"] = [(name, FILES[name]) for name in files]
