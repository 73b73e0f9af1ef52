#pragma once
// Silero's voice detector with a choice of instruction set, for tests; others call make_silero_detector().
#include <filesystem>
#include <memory>

#include "base/simd.h"
#include "speech/voice_activity.h"

namespace ft {

/// isa: at most what the machine has. Throws as make_silero_detector() does.
std::unique_ptr<VoiceDetector> make_silero_detector(const std::filesystem::path& weights, Isa isa,
                                                    ThreadPool* pool = nullptr);

}  // namespace ft
