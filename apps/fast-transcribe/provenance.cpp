#include "provenance.h"

#include <algorithm>

#include "transcriber/options.h"

namespace ft {

void add_metadata(Transcript& transcript, const std::string& key, const std::string& value) {
    if (value.empty()) return;
    const auto same_key = [&](const auto& entry) { return entry.first == key; };
    const auto found = std::find_if(transcript.metadata.begin(), transcript.metadata.end(), same_key);
    if (found == transcript.metadata.end()) {
        transcript.metadata.emplace_back(key, value);
    } else if (found->second.empty()) {
        found->second = value;
    }
}

void add_options(Transcript& transcript, const TranscribeOptions& options) {
    for (const auto& [name, value] : options_text(options)) add_metadata(transcript, "options." + name, value);
}

}  // namespace ft
