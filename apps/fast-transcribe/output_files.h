#pragma once
// What the results are called and how they come into being: nothing is overwritten that is not the same input's result.
#include <ctime>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli_options.h"
#include "transcript/transcript.h"

namespace ft {

/// The names without extension of the inputs' results, all different: "a/x.mp3", "b/x.wav" → "x", "x_2".
/// "-" is "stdin". `taken` says which names may not be used (may be empty).
std::vector<std::string> output_stems(const std::vector<std::string>& inputs,
                                      const std::function<bool(const std::string&)>& taken = {});

/// "transcription_20250131_235959.txt" for attempt 1, "transcription_20250131_235959_2.txt" for attempt 2 …
std::string dated_name(const std::tm& time, int attempt);

/// Writes a file that did not exist before, synced; false when the name is taken (also by another process a moment
/// ago). Throws Error{permission, io, not_found}; leaves no half-written file behind.
bool write_new_file(const std::filesystem::path& path, std::string_view content);

/// The results of one run. One thread at a time.
class OutputFiles {
  public:
    OutputFiles(const OutputOptions& options, const std::vector<std::string>& inputs,
                std::function<std::tm()> local_time);

    /// Makes the folder and checks that it can be written to: an hour's work must not end at a full stop. Throws Error.
    void prepare() const;
    /// Sentences on inputs whose results are not called like them because another one is.
    const std::vector<std::string>& notes() const { return notes_; }
    /// Writes all formats of input number `index` and returns the files' names as the user should see them. Throws
    /// Error.
    std::vector<std::string> write(size_t index, const Transcript& transcript) const;
    /// The same of what is a text already, asked for format by format.
    using Content = std::function<std::string(const std::string& format)>;
    std::vector<std::string> write(size_t index, const Content& content) const;

  private:
    OutputOptions options_;
    std::function<std::tm()> local_time_;
    std::vector<std::string> stems_;
    std::vector<std::string> notes_;
};

}  // namespace ft
