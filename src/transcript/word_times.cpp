#include "transcript/word_times.h"

#include <algorithm>
#include <cmath>

#include "transcript/writers/clause_breaks.h"

namespace ft {

namespace {

constexpr int64_t samples_per_step = 160;
/// A silence this long is beside words; a shorter one may be the closure of p, t or k.
constexpr int64_t pause_steps = 12;
/// A silence this long is in no word: the long consonants of Swedish (hoppa, titta) close for up to 0.2 s.
constexpr int64_t word_pause_steps = 25;
/// How far a word may be stretched to where its sound begins or ends.
constexpr int64_t reach_steps = 30;

double seconds(int64_t step) {
    return static_cast<double>(step) * sound_step_s;
}

/// Sound in steps, with borders that are always silent.
class Sound {
  public:
    explicit Sound(std::span<const uint8_t> steps) : steps_(steps) {}

    bool known() const { return !steps_.empty(); }
    int64_t size() const { return static_cast<int64_t>(steps_.size()); }
    bool at(int64_t step) const { return step >= 0 && step < size() && steps_[static_cast<size_t>(step)] != 0; }
    /// Of the pause that ends at `step`, going backwards.
    int64_t silence_before(int64_t step) const {
        int64_t from = step;
        while (from > 0 && !at(from - 1)) --from;
        return step - from;
    }
    int64_t silence_after(int64_t step) const {
        int64_t to = step;
        while (to < size() && !at(to)) ++to;
        return to - step;
    }
    /// Where the sound around `step` begins, pauses that are none bridged.
    int64_t onset(int64_t step) const {
        while (step > 0) {
            if (at(step - 1)) {
                --step;
                continue;
            }
            const int64_t silence = silence_before(step);
            if (silence >= pause_steps || silence == step) break;
            step -= silence;
        }
        return step;
    }
    /// Where the sound that ends at `step` has ended.
    int64_t offset(int64_t step) const {
        while (step < size()) {
            if (at(step)) {
                ++step;
                continue;
            }
            const int64_t silence = silence_after(step);
            if (silence >= pause_steps || step + silence == size()) break;
            step += silence;
        }
        return step;
    }

  private:
    std::span<const uint8_t> steps_;
};

struct Stretch {
    int64_t begin = 0, end = 0;  // steps
};

/// Of the stretches of sound in [begin, end) that pauses divide, the one with the most sound; the later of equals, as
/// the pause in front of a word is the more frequent mistake. Empty when all is silent.
Stretch loudest_stretch(const Sound& sound, int64_t begin, int64_t end) {
    Stretch best, open;
    int64_t most = 0, sounding = 0, silent = word_pause_steps;
    for (int64_t step = begin; step < end; ++step) {
        if (!sound.at(step)) {
            ++silent;
            continue;
        }
        if (silent >= word_pause_steps) {
            open.begin = step;
            sounding = 0;
        }
        silent = 0;
        ++sounding;
        open.end = step + 1;
        if (sounding >= most) {
            most = sounding;
            best = open;
        }
    }
    return best;
}

void keep_to_sound(std::vector<Word>& words, const Sound& sound) {
    int64_t taken = 0;  // up to here the words before have the sound
    for (Word& word : words) {
        const auto begin = std::max(taken, static_cast<int64_t>(std::floor(word.start_s / sound_step_s + 1e-6)));
        const auto end = static_cast<int64_t>(std::ceil(word.end_s / sound_step_s - 1e-6));
        const Stretch stretch = loudest_stretch(sound, begin, end);
        if (stretch.end > stretch.begin) {
            word.start_s = std::max(word.start_s, seconds(stretch.begin));
            word.end_s = std::min(word.end_s, seconds(stretch.end));
            const int64_t onset = sound.onset(stretch.begin);
            // What sounds before it after a pause is its own beginning, if nobody else has it.
            if (onset >= taken && onset < stretch.begin && stretch.begin - onset <= reach_steps)
                word.start_s = seconds(onset);
        }
        taken = std::max(taken, static_cast<int64_t>(std::floor(word.end_s / sound_step_s + 1e-6)));
    }
    int64_t free_until = sound.size();
    for (size_t i = words.size(); i-- > 0;) {
        const auto end = static_cast<int64_t>(std::floor(words[i].end_s / sound_step_s + 1e-6));
        const int64_t offset = sound.offset(end);
        if (end > 0 && sound.at(end - 1) && offset > end && offset <= free_until && offset - end <= reach_steps)
            words[i].end_s = seconds(offset);
        free_until = static_cast<int64_t>(std::floor(words[i].start_s / sound_step_s + 1e-6));
    }
}

/// Twice as long as slow speech needs.
double longest(const Word& word) {
    const auto letters = std::count_if(word.text.begin(), word.text.end(), [](char byte) {
        return (static_cast<uint8_t>(byte) & 0xC0) != 0x80 && byte != ' ';
    });
    return std::max(1.5, 0.2 * static_cast<double>(letters));
}

void shorten(std::vector<Word>& words) {
    for (size_t i = 0; i < words.size(); ++i) {
        const double limit = longest(words[i]);
        if (words[i].end_s - words[i].start_s <= limit) continue;
        if (i == 0 || ends_sentence(words[i - 1].text)) {
            words[i].start_s = words[i].end_s - limit;
        } else {
            words[i].end_s = words[i].start_s + limit;
        }
    }
}

double within(double value, double duration_s) {
    return std::isnan(value) ? 0.0 : std::clamp(value, 0.0, duration_s);
}

/// In order, and none without time.
void order(std::vector<Word>& words, double duration_s) {
    const double least_s = std::min(least_word_s, duration_s / static_cast<double>(words.size()));
    double earliest_s = 0;
    for (Word& word : words) {
        word.start_s = std::max(word.start_s, earliest_s);
        word.end_s = std::max(word.end_s, word.start_s + least_s);
        earliest_s = word.end_s;
    }
    double latest_s = duration_s;
    for (size_t i = words.size(); i-- > 0;) {
        words[i].end_s = std::min(words[i].end_s, latest_s);
        words[i].start_s = std::min(words[i].start_s, words[i].end_s - least_s);
        latest_s = words[i].start_s;
    }
    // Rounding may leave the first one a hair before the window.
    words[0].start_s = std::max(0.0, words[0].start_s);
}

/// A raw end that lies within the next word, or before its own start, gives way before the sound is asked.
void make_plausible(std::vector<Word>& words, double duration_s) {
    double latest_s = 0;
    for (Word& word : words) {
        word.start_s = latest_s = std::max(latest_s, within(word.start_s, duration_s));
        word.end_s = std::max(word.start_s, within(word.end_s, duration_s));
    }
    for (size_t i = 0; i + 1 < words.size(); ++i) words[i].end_s = std::min(words[i].end_s, words[i + 1].start_s);
}

}  // namespace

std::vector<uint8_t> find_sound(std::span<const float> pcm) {
    const int64_t steps = static_cast<int64_t>(pcm.size()) / samples_per_step;
    std::vector<float> level_db;
    for (int64_t step = 0; step < steps; ++step) {
        double sum = 0, squares = 0;
        for (const float sample : pcm.subspan(static_cast<size_t>(step * samples_per_step), samples_per_step)) {
            sum += sample;
            squares += static_cast<double>(sample) * sample;
        }
        const double power = (squares - sum * sum / samples_per_step) / samples_per_step;
        level_db.push_back(static_cast<float>(10 * std::log10(std::max(power, 1e-10))));
        if (!std::isfinite(level_db.back())) return {};
    }
    if (level_db.empty()) return {};
    std::vector<float> sorted = level_db;
    std::sort(sorted.begin(), sorted.end());
    const float quiet = sorted[sorted.size() / 20], loud = sorted[sorted.size() - 1 - sorted.size() / 20];
    constexpr float least_range_db = 20, over_quiet_db = 10, under_loud_db = 35;
    if (loud - quiet < least_range_db) return {};
    const float threshold = std::max(quiet + over_quiet_db, loud - under_loud_db);
    std::vector<uint8_t> sound;
    for (const float level : level_db) sound.push_back(level > threshold ? 1 : 0);
    return sound;
}

void refine_word_times(std::vector<Word>& words, const WordTimesInput& input) {
    const double duration_s = std::isfinite(input.duration_s) ? std::max(0.0, input.duration_s) : 0.0;
    if (words.empty()) return;
    make_plausible(words, duration_s);
    const Sound sound(input.sound);
    if (sound.known()) keep_to_sound(words, sound);
    shorten(words);
    order(words, duration_s);
}

}  // namespace ft
