#pragma once
// Names → files: what a user calls a model becomes a folder or file with weights, fetched when it must be.
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace ft {

/// "kb-whisper-small@strict" → repository and revision; a path stays a path.
struct ModelName {
    std::string given;       ///< as the user wrote it
    std::string repository;  ///< "KBLab/kb-whisper-small"; empty for a path
    std::string revision;    ///< "main" unless given; "standard" is "main"
    std::filesystem::path path;  ///< an existing folder or file; empty for a hub name
};

/// Known short names: kb-whisper-{tiny,base,small,medium,large}[@standard|subtitle|strict],
/// whisper-{tiny,base,small,medium,large-v3,large-v3-turbo}; any owner/repo[@revision]; any path.
/// Throws Error{invalid_argument} listing the known names.
ModelName parse_model_name(const std::string& name);

struct LocatedModel {
    ModelName name;
    std::filesystem::path path;  ///< what open_model_source() opens
    std::string commit;          ///< the hub's commit of a snapshot, if any
};

struct PullProgress {
    std::string file;
    uint64_t done_bytes = 0, total_bytes = 0;
};
using PullProgressFunction = std::function<void(const PullProgress&)>;

struct StoreOptions {
    /// Searched in order; the first is the one written to. Default: /opt/transcribe/models (when it exists),
    /// --model_dir, $FAST_TRANSCRIBE_HOME, $HF_HOME/hub (read), $XDG_CACHE_HOME or ~/.cache/fast-transcribe.
    std::filesystem::path model_dir;
    bool allow_network = true;
};

class ModelStore {
  public:
    explicit ModelStore(StoreOptions options = {});

    /// Finds a model on this machine. Throws Error{not_found} that names the command that would get it.
    LocatedModel locate(const ModelName& name) const;
    /// Downloads what is missing (resumed, checked by SHA-256, atomic; safe against other processes doing the same).
    LocatedModel pull(const ModelName& name, const PullProgressFunction& progress = {});
    struct Listed { std::string name, commit; std::filesystem::path path; uint64_t bytes = 0; };
    std::vector<Listed> list() const;
    /// Recomputes SHA-256 of every file against what the hub said. Returns one sentence for each that is wrong.
    std::vector<std::string> verify(const ModelName& name) const;
    void remove(const ModelName& name);

    /// silero_vad_16k.safetensors, or empty when it is nowhere.
    std::filesystem::path voice_activity_model() const;
    /// Where the packed file of a located model for a packing lies (it need not exist).
    std::filesystem::path packed_path(const LocatedModel& model, const std::string& packing) const;

  private:
    StoreOptions options_;
};

}  // namespace ft
