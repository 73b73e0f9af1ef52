#pragma once
// Which parts of a window are to be read again, which reading is the better one, and what is left out: pure functions
// of what was read and of where the detector found speech. docs/trust.md tells the rules and the reasons.
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "speech/window_cut.h"
#include "transcript/transcript.h"

namespace ft {

/// What one decoding of one part of a window came to.
struct Reading {
    TimeSpan part;                  ///< of the file
    std::vector<Segment> segments;  ///< ascending, within the part
    bool silent = false;            ///< the model says that nobody speaks
    bool looped = false;            ///< the text repeats itself, at every temperature that was tried
    bool failed = false;            ///< it passed its checks at no temperature
    bool prompted = false;          ///< read after the initial prompt
};

/// What is known about the window beside its readings.
struct ReadingContext {
    std::vector<TimeSpan> speech;      ///< of the window, on the file's clock; empty: not known
    std::string language;              ///< code of the text to be expected
    std::vector<std::string> prompt;   ///< plain words
    float no_speech_threshold = 0.6F;  ///< as in FallbackOptions
};

enum class Fault { silent, sparse, loop, language, prompt, hole };
/// As the coverage report says it: "loop".
const char* to_string(Fault fault);

/// A stretch to be read again. Its text takes the place of the segments whose middle lies in it; a hole has none.
struct Doubt {
    Fault fault = Fault::hole;
    TimeSpan stretch;
};

/// In the order of time, without overlap; none when no speech is known.
std::vector<Doubt> find_doubts(std::span<const Reading> readings, const ReadingContext& context);

/// Seconds of `speech` within [begin_s, end_s).
double overlap_s(std::span<const TimeSpan> speech, const TimeSpan& stretch);

/// How many words of the text are believed: each segment's words (loops counted twice at most, and no more than
/// somebody can say in the segment's time) times its probability; half of it for another language, none for a prompt
/// said again or a phrase that is known to be invented. What readings of one stretch are compared by.
double believed_words(std::span<const Segment> segments, const ReadingContext& context);

/// Whether a second reading's text replaces the first one's: it is believed by clearly more, half a word and a tenth.
bool is_better(double second, double first);

/// What of a second reading may be taken at all: nothing of one that failed or is silent, else the segments that
/// are no known inventions.
std::vector<Segment> credible(const Reading& reading, const ReadingContext& context);

/// Why a segment is to be left out, or "": a known invention, as a whole segment, and with evidence against speech (the
/// model's no-speech probability, or no detected speech, or far more speech than words).
std::string reason_to_drop(const Segment& segment, const ReadingContext& context);

/// Whether to keep a segment of sound that the detector rejected. There the burden of proof is the text's.
bool is_credible_outside_speech(const Segment& segment, const ReadingContext& context);

}  // namespace ft
