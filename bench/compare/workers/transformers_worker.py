"""transformers, fp32, greedy: its pipeline over chunks of 30 s in batches, or with --batch_size 0 the long-form generation of
WhisperForConditionalGeneration with Whisper's fallback."""
import faster_whisper.audio
import protocol
import torch
import transformers


def load(args):
    torch.set_num_threads(args.threads)
    model = transformers.WhisperForConditionalGeneration.from_pretrained(args.model, dtype=torch.float32).eval()
    features = transformers.WhisperFeatureExtractor.from_pretrained(args.model)
    tokenizer = transformers.WhisperTokenizerFast.from_pretrained(args.model)
    if args.batch_size:
        tokenizer.pad_token = tokenizer.eos_token  # the pipeline asks for one to make batches
        return transformers.pipeline("automatic-speech-recognition", model=model, tokenizer=tokenizer,
                                     feature_extractor=features, chunk_length_s=30, batch_size=args.batch_size)
    return model, features, tokenizer


def transcribe(loaded, args, path):
    samples = faster_whisper.audio.decode_audio(str(path))
    if args.batch_size:
        options = {"language": "sv", "task": "transcribe", "num_beams": args.beam_size}
        return [protocol.segment(loaded({"raw": samples, "sampling_rate": 16000}, generate_kwargs=options)["text"])]
    model, features, tokenizer = loaded
    inputs = features(samples, sampling_rate=16000, return_tensors="pt", truncation=False, padding="longest",
                      return_attention_mask=True)
    if inputs.input_features.shape[-1] < 3000:  # shorter than a window
        inputs = features(samples, sampling_rate=16000, return_tensors="pt", return_attention_mask=True)
    with torch.inference_mode():
        tokens = model.generate(**inputs, language="sv", task="transcribe", return_timestamps=True,
                                num_beams=args.beam_size, condition_on_prev_tokens=False, logprob_threshold=-1.0,
                                compression_ratio_threshold=2.4, no_speech_threshold=0.6,
                                temperature=(0.0,) if args.plain else (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
    return [protocol.segment(tokenizer.decode(tokens[0], skip_special_tokens=True))]


protocol.run(load, transcribe)
