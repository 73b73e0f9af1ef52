#include "output_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "transcript/writers.h"

namespace ft {

namespace {

namespace fs = std::filesystem;

/// Room for "_12.json" and for the temporary name within the 255 bytes that file systems give a name.
constexpr size_t longest_stem = 200;

std::string natural_stem(const std::string& input) {
    if (input == "-") return "stdin";
    std::string stem = fs::path(input).stem().string();
    if (stem.empty() || stem == "." || stem == "..") stem = "audio";
    if (stem.size() > longest_stem) {
        size_t end = longest_stem;
        while (end > 0 && (static_cast<unsigned char>(stem[end]) & 0xC0) == 0x80)
            --end;  // not inside a UTF-8 character
        stem.resize(end);
    }
    return stem;
}

bool is_an_input(const fs::path& path, const std::vector<std::string>& inputs) {
    return std::any_of(inputs.begin(), inputs.end(), [&](const std::string& input) {
        std::error_code ignored;
        return input != "-" && fs::equivalent(path, input, ignored);
    });
}

[[noreturn]] void fail(const fs::path& path, const char* what, int error) {
    throw Error(code_of_errno(error), "{}: {}: {}", path.string(), what, std::strerror(error));
}

/// Writes and syncs; 0 or the errno of what failed.
int write_and_sync(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        content.remove_prefix(static_cast<size_t>(written));
    }
    return ::fsync(fd) == 0 ? 0 : errno;
}

}  // namespace

std::vector<std::string> output_stems(const std::vector<std::string>& inputs,
                                      const std::function<bool(const std::string&)>& taken) {
    std::vector<std::string> stems(inputs.size());
    std::set<std::string> used;
    const auto is_free = [&](const std::string& stem) { return !used.count(stem) && !(taken && taken(stem)); };
    // First those that can be called like their input, so that a number never takes another input's own name.
    for (size_t i = 0; i < inputs.size(); ++i) {
        const std::string stem = natural_stem(inputs[i]);
        if (!is_free(stem)) continue;
        stems[i] = stem;
        used.insert(stem);
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
        for (int number = 2; stems[i].empty(); ++number) {
            const std::string stem = natural_stem(inputs[i]) + "_" + std::to_string(number);
            if (!is_free(stem)) continue;
            stems[i] = stem;
            used.insert(stem);
        }
    }
    return stems;
}

std::string dated_name(const std::tm& time, int attempt) {
    std::string name = fmt::format("transcription_{:04}{:02}{:02}_{:02}{:02}{:02}", time.tm_year + 1900,
                                   time.tm_mon + 1, time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec);
    if (attempt > 1) name += "_" + std::to_string(attempt);
    return name + ".txt";
}

bool write_new_file(const fs::path& path, std::string_view content) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST) return false;
    if (fd < 0) fail(path, "cannot be written", errno);
    int error = write_and_sync(fd, content);
    if (::close(fd) != 0 && error == 0) error = errno;
    if (error != 0) {
        ::unlink(path.c_str());
        fail(path, "cannot be written", error);
    }
    return true;
}

OutputFiles::OutputFiles(const OutputOptions& options, const std::vector<std::string>& inputs,
                         std::function<std::tm()> local_time)
    : options_(options), local_time_(std::move(local_time)) {
    if (options_.dated) return;
    stems_ = output_stems(inputs, [&](const std::string& stem) {
        return std::any_of(options_.formats.begin(), options_.formats.end(), [&](const std::string& format) {
            return is_an_input(options_.folder / (stem + "." + file_extension(format)), inputs);
        });
    });
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (stems_[i] == natural_stem(inputs[i])) continue;
        notes_.push_back(fmt::format("the result of {} is called {}, as {} is taken by another of the files given",
                                     inputs[i], stems_[i], natural_stem(inputs[i])));
    }
}

void OutputFiles::prepare() const {
    const fs::path folder = options_.dated ? fs::path(".") : options_.folder;
    std::error_code error;
    fs::create_directories(folder, error);
    if (error && !fs::is_directory(folder)) fail(folder, "the output folder cannot be made", error.value());
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        throw Error(ErrorCode::permission, "{}: results cannot be written here: {}; choose another folder with -o",
                    options_.dated ? "the current folder" : folder.string(), std::strerror(errno));
    }
}

std::vector<std::string> OutputFiles::write(size_t index, const Transcript& transcript) const {
    return write(index,
                 [&](const std::string& format) { return write_transcript(transcript, format, options_.layout); });
}

std::vector<std::string> OutputFiles::write(size_t index, const Content& content_of) const {
    std::vector<std::string> names;
    if (options_.dated) {
        const std::string content = content_of("txt");
        const std::tm time = local_time_();
        for (int attempt = 1; names.empty(); ++attempt) {
            const std::string name = dated_name(time, attempt);
            if (write_new_file(name, content)) names.push_back(name);
        }
        return names;
    }
    for (const std::string& format : options_.formats) {
        const fs::path path = options_.folder / (stems_.at(index) + "." + file_extension(format));
        write_file_atomically(path, content_of(format));
        names.push_back(path.string());
    }
    return names;
}

}  // namespace ft
