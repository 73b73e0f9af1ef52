"""whisper.cpp through pywhispercpp; --model is a ggml file."""
import faster_whisper.audio
import protocol
import pywhispercpp.model


def load(args):
    return pywhispercpp.model.Model(args.model, n_threads=args.threads, print_progress=False, print_realtime=False,
                                    language="sv", no_context=True, redirect_whispercpp_logs_to=None)


def transcribe(model, args, path):
    return " ".join(segment.text.strip() for segment in model.transcribe(faster_whisper.audio.decode_audio(str(path))))


protocol.run(load, transcribe)
