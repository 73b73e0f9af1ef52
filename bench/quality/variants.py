"""Harder variants of a recording, made with ffmpeg, each with its reference and with where nobody speaks.

A variant is three files: NAME.flac, NAME.segments.tsv (start, end, text) and NAME.silent.json, [[begin_s, end_s], …].
"""
import csv
import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compare"))
import compare  # noqa: E402

MONO = "aresample=16000,aformat=channel_layouts=mono"
SILENCE_S, OPENING_S, ALONE_S = 40.0, 12.0, 60.0
# Three chords of four notes with a slow beat: music enough for a voice detector, and the same on every machine.
MUSIC = "+".join(
    f"0.06*sin(2*PI*{hertz}*t)*(0.6+0.4*sin(2*PI*2*t))*between(mod(t\\,6)\\,{2 * chord}\\,{2 * chord + 2})"
    for chord, notes in enumerate(((220, 277, 330, 440), (196, 247, 294, 392), (175, 220, 262, 349)))
    for hertz in notes)


@dataclasses.dataclass
class Segment:
    start: float
    end: float
    text: str


@dataclasses.dataclass
class Recording:
    name: str
    audio: pathlib.Path
    segments: list
    silent: list  # (begin, end) in seconds: where nothing may be written


def read_recording(audio):
    path = compare.reference_of(audio)
    if path is None or path.suffix != ".tsv":
        sys.exit(f"quality.py: {audio} needs {audio.stem}.segments.tsv beside it (start, end, text)")
    with open(path, encoding="utf8", newline="") as file:
        rows = [Segment(float(r["start"]), float(r["end"]), r["text"]) for r in csv.DictReader(file, delimiter="\t")]
    return Recording(audio.stem, audio, rows, [])


def ffmpeg(inputs, graph, target):
    parts = [p for i in inputs for p in ("-i", str(i))]
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *parts, "-filter_complex", graph, "-map", "[out]",
                    "-c:a", "flac", "-sample_fmt", "s16", str(target)], check=True)


def level_db(audio):
    report = subprocess.run(["ffmpeg", "-hide_banner", "-nostats", "-i", str(audio), "-af", f"{MONO},volumedetect", "-f",
                             "null", "-"], check=True, capture_output=True, text=True).stderr
    return float(re.search(r"mean_volume: (-?[0-9.]+) dB", report)[1])


def as_it_is(recording, target):
    ffmpeg([recording.audio], f"[0:a]{MONO}[out]", target)
    return recording.segments, []


def middle_pause(recording, length_s):
    """The middle of the pause between two segments that is nearest to the middle of the recording."""
    ends = [(a.end + b.start) / 2 for a, b in zip(recording.segments, recording.segments[1:]) if b.start - a.end >= 0.3]
    return min(ends, key=lambda at: abs(at - length_s / 2)) if ends else length_s


def with_silence(recording, target):
    at = middle_pause(recording, compare.seconds_of(recording.audio))
    graph = (f"[0:a]{MONO},asplit[a][b];[a]atrim=end={at}[head];[b]atrim=start={at},asetpts=PTS-STARTPTS[tail];"
             f"anullsrc=r=16000:cl=mono:d={SILENCE_S}[gap];[head][gap][tail]concat=n=3:v=0:a=1[out]")
    ffmpeg([recording.audio], graph, target)
    moved = [Segment(s.start + SILENCE_S * (s.start >= at), s.end + SILENCE_S * (s.start >= at), s.text)
             for s in recording.segments]
    return moved, [(at, at + SILENCE_S)]


def with_noise(recording, target, db):
    # 0.1 as amplitude gives the filter's pink noise a level that is measured, not assumed.
    noise = target.with_suffix(".noise.flac")
    ffmpeg([], "anoisesrc=r=16000:a=0.1:c=pink:seed=3:d=20[out]", noise)
    gain = level_db(recording.audio) - db - level_db(noise)
    noise.unlink()
    graph = (f"[0:a]{MONO}[a];anoisesrc=r=16000:a=0.1:c=pink:seed=3,volume={gain:.2f}dB[n];"
             "[a][n]amix=inputs=2:duration=first:normalize=0[out]")
    ffmpeg([recording.audio], graph, target)
    return recording.segments, recording.silent


def with_music(recording, target):
    graph = f"[0:a]{MONO}[a];aevalsrc='{MUSIC}':s=16000:d={OPENING_S}[m];[m][a]concat=n=2:v=0:a=1[out]"
    ffmpeg([recording.audio], graph, target)
    return [Segment(s.start + OPENING_S, s.end + OPENING_S, s.text) for s in recording.segments], [(0, OPENING_S)]


def by_telephone(recording, target):
    graph = f"[0:a]{MONO},highpass=f=300,highpass=f=300,lowpass=f=3400,lowpass=f=3400,aresample=8000,aresample=16000[out]"
    ffmpeg([recording.audio], graph, target)
    return recording.segments, []


def at_speed(recording, target, speed):
    ffmpeg([recording.audio], f"[0:a]{MONO},atempo={speed}[out]", target)
    return [Segment(s.start / speed, s.end / speed, s.text) for s in recording.segments], []


def noisy_with_silence(recording, target):
    inner = target.with_suffix(".inner.flac")
    segments, silent = with_silence(recording, inner)
    with_noise(dataclasses.replace(recording, audio=inner), target, 10)
    inner.unlink()
    return segments, silent


OF_SPEECH = {
    "as it is": as_it_is,
    "40 s of silence": with_silence,
    "noise 20 dB": lambda r, t: with_noise(r, t, 20),
    "noise 10 dB": lambda r, t: with_noise(r, t, 10),
    "noise 10 dB, 40 s without speech": noisy_with_silence,
    "music first": with_music,
    "telephone": by_telephone,
    "speed 0.9": lambda r, t: at_speed(r, t, 0.9),
    "speed 1.1": lambda r, t: at_speed(r, t, 1.1),
}
ALONE = {
    "silence alone": f"anullsrc=r=16000:cl=mono:d={ALONE_S}[out]",
    "noise alone": f"anoisesrc=r=16000:a=0.05:c=pink:seed=5:d={ALONE_S}[out]",
    "music alone": f"aevalsrc='{MUSIC}':s=16000:d={ALONE_S}[out]",
}


def write_sides(target, segments, silent):
    with open(target.with_suffix(".segments.tsv"), "w", encoding="utf8") as file:
        file.write("start\tend\ttext\n")
        for s in segments:
            file.write(f"{s.start:.3f}\t{s.end:.3f}\t{s.text}\n")
    target.with_suffix(".silent.json").write_text(json.dumps(silent))


def slug(name):
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


def make(name, files, folder):
    """The recordings of a variant; what is there already is not made again."""
    place = folder / slug(name)
    place.mkdir(parents=True, exist_ok=True)
    made = []
    for file in files if name in OF_SPEECH else [pathlib.Path("alone.flac")]:
        target = place / (file.stem + ".flac")
        sides = target.with_suffix(".silent.json")
        if not sides.exists():
            # Finished before it has its name: another run may want it at the same time.
            with tempfile.TemporaryDirectory(dir=place) as unfinished:
                part = pathlib.Path(unfinished) / target.name
                if name in OF_SPEECH:
                    write_sides(part, *OF_SPEECH[name](read_recording(file), part))
                else:
                    ffmpeg([], ALONE[name], part)
                    write_sides(part, [], [(0, ALONE_S)])
                for suffix in (".flac", ".segments.tsv", ".silent.json"):
                    part.with_suffix(suffix).replace(target.with_suffix(suffix))
        recording = read_recording(target)
        recording.silent = [tuple(span) for span in json.loads(sides.read_text())]
        made.append(recording)
    return made
