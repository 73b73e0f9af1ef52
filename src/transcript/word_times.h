#pragma once
// Raw times of words → times that can be used. Attention says to some 0.1 s where a word is; where a pause is, the
// sound itself says when it begins and ends, to 0.01 s. Pure functions on one window's clock; any numbers may come in.
#include <cstdint>
#include <span>
#include <vector>

#include "transcript/transcript.h"

namespace ft {

constexpr double sound_step_s = 0.01;
/// What a word without time of its own is given; none is shorter.
constexpr double least_word_s = 0.04;

/// Whether something sounds, in steps of sound_step_s of PCM at 16 kHz: clearly louder than the window's quiet parts,
/// and not far below its loud ones. Empty when loud and quiet parts cannot be told apart (steady noise, music), or
/// there are no samples: the sound then has nothing to say.
std::vector<uint8_t> find_sound(std::span<const float> pcm);

struct WordTimesInput {
    std::span<const uint8_t> sound;  ///< of find_sound
    double duration_s = 0;           ///< of the window
};

/// `words` of one window in order. Afterwards 0 ≤ start < end ≤ duration, and no word begins before the one before it
/// ends (as long as the window is longer than nothing).
///
/// - A word that spans a pause is where most of its sound is: attention gives the pause to the word before or after it.
/// - Beside a pause, words begin and end with their sound.
/// - A word that is still too long for its letters (1.5 s and more) is cut: at its start where a sentence begins with
///   it, as the pause is before it, else at its end. So do OpenAI's and faster-whisper's heuristics, which have no
///   sound to look at, with twice the median length.
/// - A word that got no time takes some of its neighbours'.
void refine_word_times(std::vector<Word>& words, const WordTimesInput& input);

}  // namespace ft
