"""whisper.cpp through pywhispercpp; --model is a ggml file."""
import faster_whisper.audio
import protocol
import pywhispercpp.model


def load(args):
    return pywhispercpp.model.Model(args.model, n_threads=args.threads, print_progress=False, print_realtime=False,
                                    language="sv", no_context=True, redirect_whispercpp_logs_to=None)


def transcribe(model, args, path):
    segments = model.transcribe(faster_whisper.audio.decode_audio(str(path)))
    return [protocol.segment(s.text, s.t0 / 100, s.t1 / 100) for s in segments]


protocol.run(load, transcribe)
