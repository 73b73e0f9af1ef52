"""Asks a server of ours with OpenAI's own package, unchanged: openai_client.py BASE_URL RECORDING.

Prints one JSON object with what came back; whatever the package does not understand is an exception."""

import json
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key="any", max_retries=0)
recording = sys.argv[2]


def transcribe(**options):
    with open(recording, "rb") as file:
        return client.audio.transcriptions.create(file=file, model="whisper-1", **options)


answers = {"models": [model.id for model in client.models.list()]}
answers["json"] = transcribe().text
verbose = transcribe(response_format="verbose_json", language="sv", timestamp_granularities=["segment"])
answers["verbose_json"] = {
    "text": verbose.text,
    "language": verbose.language,
    "duration": float(verbose.duration),
    "segments": [[segment.start, segment.end, segment.text] for segment in verbose.segments],
}
words = transcribe(response_format="verbose_json", timestamp_granularities=["word", "segment"])
answers["words"] = [[word.word, word.start, word.end] for word in words.words]
for name in ("text", "srt", "vtt"):
    answers[name] = transcribe(response_format=name)
answers["delta"] = ""
for event in transcribe(stream=True):
    if event.type == "transcript.text.delta":
        answers["delta"] += event.delta
    elif event.type == "transcript.text.done":
        answers["done"] = event.text
with open(recording, "rb") as file:
    answers["translation"] = client.audio.translations.create(file=file, model="whisper-1").text
try:
    transcribe(language="klingon")
except openai.BadRequestError as error:
    answers["refused"] = error.body["message"]
print(json.dumps(answers))
