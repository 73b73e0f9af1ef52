"""transformers: the long-form generation of WhisperForConditionalGeneration, fp32, greedy with Whisper's fallback."""
import faster_whisper.audio
import protocol
import torch
import transformers


def load(args):
    torch.set_num_threads(args.threads)
    model = transformers.WhisperForConditionalGeneration.from_pretrained(args.model, dtype=torch.float32).eval()
    features = transformers.WhisperFeatureExtractor.from_pretrained(args.model)
    tokenizer = transformers.WhisperTokenizerFast.from_pretrained(args.model)
    return model, features, tokenizer


def transcribe(loaded, args, path):
    model, features, tokenizer = loaded
    samples = faster_whisper.audio.decode_audio(str(path))
    inputs = features(samples, sampling_rate=16000, return_tensors="pt", truncation=False, padding="longest",
                      return_attention_mask=True)
    if inputs.input_features.shape[-1] < 3000:  # shorter than a window
        inputs = features(samples, sampling_rate=16000, return_tensors="pt", return_attention_mask=True)
    with torch.inference_mode():
        tokens = model.generate(**inputs, language="sv", task="transcribe", return_timestamps=True, num_beams=1,
                                condition_on_prev_tokens=False, logprob_threshold=-1.0, compression_ratio_threshold=2.4,
                                no_speech_threshold=0.6, temperature=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
    return tokenizer.decode(tokens[0], skip_special_tokens=True)


protocol.run(load, transcribe)
