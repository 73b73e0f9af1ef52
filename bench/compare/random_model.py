#!/usr/bin/env python3
"""A Whisper with random weights in a real model's shape, for speed alone; every window's text has the same length.

    build/peers/bin/python bench/compare/random_model.py --like HF_FOLDER [--shape kb-whisper-small] [--tokens 96] FOLDER
    python3 bench/compare/compare.py --plain --ct2 FOLDER/ct2 --engines ours-int8,faster-whisper-int8-batched FILE…

The length is in the weights, so that no engine has to be told: from position `--tokens` on, the positional embedding points
along the end token's embedding, and before it the other way and along a word's. `--like` lends its tokenizer and its
generation settings.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys

import torch
import transformers

SHAPES = {  # width, layers, heads (openai/whisper, model card)
    "kb-whisper-tiny": (384, 4, 6),
    "kb-whisper-base": (512, 6, 8),
    "kb-whisper-small": (768, 12, 12),
    "kb-whisper-medium": (1024, 24, 16),
}
FIRST_WORD = 1000  # of those that the texts are made of
PROMPT = 4  # start, language, task, no timestamps


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--like", type=pathlib.Path, required=True, help="a multilingual Whisper as a Hugging Face folder")
    parser.add_argument("--shape", choices=SHAPES, default="kb-whisper-small")
    parser.add_argument("--tokens", type=int, default=96, help="text tokens of every window")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("folder", type=pathlib.Path)
    return parser.parse_args()


def random_model(args):
    width, layers, heads = SHAPES[args.shape]
    config = transformers.WhisperConfig.from_pretrained(args.like)
    config.update({"d_model": width, "encoder_layers": layers, "decoder_layers": layers,
                   "encoder_attention_heads": heads, "decoder_attention_heads": heads,
                   "encoder_ffn_dim": 4 * width, "decoder_ffn_dim": 4 * width})
    torch.manual_seed(args.seed)
    model = transformers.WhisperForConditionalGeneration(config)
    decoder = model.model.decoder
    with torch.no_grad():
        end = torch.zeros(width)
        end[::2], end[1::2] = 1.0, -1.0  # without a mean, which LayerNorm would take away
        decoder.embed_tokens.weight[config.eos_token_id] = end
        last = PROMPT + args.tokens - 1
        decoder.embed_positions.weight[last:] = 10.0 * end
        decoder.embed_positions.weight[:last] -= 10.0 * end  # else half of what chance writes points there, too
        # Each position has a word of its own: one word over and over is a loop, which ours breaks off.
        words = decoder.embed_tokens.weight[FIRST_WORD:FIRST_WORD + 37 * last:37]
        decoder.embed_positions.weight[:last] += 5.0 * width**0.5 * words / words.norm(dim=1, keepdim=True)
    # Heads for word times are of another shape; nothing here has a time.
    generation = transformers.GenerationConfig.from_pretrained(args.like)
    generation.alignment_heads = None
    model.generation_config = generation
    return model


def main():
    args = parse_arguments()
    random_model(args).save_pretrained(args.folder)
    for name in ("tokenizer.json", "vocab.json", "merges.txt", "added_tokens.json", "preprocessor_config.json"):
        if (args.like / name).exists():
            shutil.copy(args.like / name, args.folder)
    converter = pathlib.Path(sys.executable).parent / "ct2-transformers-converter"
    subprocess.run([converter, "--model", args.folder, "--output_dir", args.folder / "ct2", "--force", "--quantization",
                    "float16", "--copy_files", "tokenizer.json", "preprocessor_config.json"], check=True)


if __name__ == "__main__":
    main()
