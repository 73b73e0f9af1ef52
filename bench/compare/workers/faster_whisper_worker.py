"""faster-whisper: batched over windows found by its own VAD, or sequential with --batch_size 0."""
import faster_whisper
import protocol


def load(args):
    model = faster_whisper.WhisperModel(args.model, device="cpu", compute_type=args.compute_type, cpu_threads=args.threads)
    return faster_whisper.BatchedInferencePipeline(model) if args.batch_size else model


def transcribe(model, args, path):
    options = {"batch_size": args.batch_size} if args.batch_size else {"condition_on_previous_text": False}
    if args.plain:
        options |= {"temperature": 0.0, "without_timestamps": True}
    segments, _ = model.transcribe(str(path), language="sv", beam_size=args.beam_size, vad_filter=True,
                                   word_timestamps=args.words, **options)
    return [protocol.segment(s.text, s.start, s.end, [(w.word, w.start, w.end) for w in s.words or []]) for s in segments]


protocol.run(load, transcribe)
