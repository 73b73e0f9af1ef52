#include "doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/dump_json.h"
#include "progress.h"

namespace ft {

namespace {

constexpr uint64_t mib = uint64_t{1} << 20;
/// What a run of the default model needs, with room for the rest of the system.
constexpr uint64_t memory_wanted = 1024 * mib;
/// A packed kb-whisper-medium.
constexpr uint64_t cache_wanted = 2048 * mib;

std::string size_text(uint64_t bytes) {
    if (bytes >= 1024 * mib) return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1024.0 * mib));
    return fmt::format("{} MiB", (bytes + mib / 2) / mib);
}

std::string joined(const std::vector<std::string>& words, const char* separator) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
    return text;
}

bool has(const std::vector<std::string>& words, const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

Finding examine_cpu(const DoctorFacts& facts) {
    Finding finding{Level::ok, "CPU",
                    fmt::format("{}, {} cores, {} threads usable", facts.cpu.empty() ? "unknown" : facts.cpu,
                                facts.cores, facts.usable_threads),
                    ""};
    finding.text += facts.instruction_sets.empty() ? "; none of the faster instruction sets"
                                                   : "; " + joined(facts.instruction_sets, " ");
    if (!has(facts.instruction_sets, "avx2") && !has(facts.instruction_sets, "asimd")) {
        finding.level = Level::warn;
        finding.advice =
            "without AVX2 everything works, several times slower; in a virtual machine, choose the CPU type \"host\"";
    }
    return finding;
}

Finding examine_memory(const DoctorFacts& facts) {
    Finding finding{
        Level::ok, "memory",
        fmt::format("{} available of {}", size_text(facts.memory_available_bytes), size_text(facts.memory_bytes)), ""};
    if (facts.memory_available_bytes < memory_wanted) {
        finding.level = Level::warn;
        finding.advice = "close other programs, or use a smaller model or --batch_size";
    }
    return finding;
}

Finding examine_gpu(const DoctorFacts::Gpu& gpu) {
    if (gpu.kernel_driver.empty() && !gpu.has_driver_library)
        return {Level::ok, "GPU", "none found; the CPU is used", ""};
    std::string driver = gpu.kernel_driver.empty() ? "no kernel driver" : "driver " + gpu.kernel_driver;
    if (!gpu.cuda.empty()) driver += ", CUDA " + gpu.cuda;
    if (!gpu.devices.empty()) {
        const std::string found = joined(gpu.devices, ", ") + " (" + driver + ")";
        if (gpu.engine_problem.empty()) return {Level::ok, "GPU", found + ", computes as it should", ""};
        return {Level::warn, "GPU", found + "; the CPU is used", gpu.engine_problem};
    }
    const std::string why = !gpu.has_driver_library ? "libcuda.so.1 cannot be loaded"
                            : gpu.problem.empty()   ? "no device"
                                                    : gpu.problem;
    return {Level::warn, "GPU", driver + ", but " + why + "; the CPU is used",
            "nothing needs doing for the CPU; for the GPU, see that nvidia-smi works (in a container: start it with "
            "--gpus all)"};
}

std::vector<Finding> examine_models(const DoctorFacts& facts) {
    std::vector<Finding> findings;
    for (const DoctorFacts::Model& model : facts.models) {
        const std::string where = fmt::format("{} ({})", model.path.string(), size_text(model.bytes));
        if (model.problem.empty()) {
            findings.push_back(
                {Level::ok, "model",
                 fmt::format("{}: {}, prepared {}", model.name, where,
                             model.packed.empty() ? "at its first use" : "for " + joined(model.packed, ", ")),
                 ""});
        } else {
            findings.push_back(
                {Level::fail, "model", fmt::format("{}: {}: {}", model.name, where, model.problem),
                 fmt::format("fast-transcribe model remove {0}; fast-transcribe model pull {0}", model.name)});
        }
    }
    const auto usable =
        std::find_if(facts.models.begin(), facts.models.end(), [](const auto& model) { return model.problem.empty(); });
    if (facts.default_model.empty() && usable != facts.models.end()) {
        findings.push_back(
            {Level::warn, "default model", "neither kb-whisper-small nor whisper-base is on this machine",
             fmt::format("fast-transcribe model pull kb-whisper-small, or give --model {}", usable->name)});
    } else if (facts.default_model.empty()) {
        findings.push_back({Level::fail, "default model",
                            "none of kb-whisper-small and whisper-base is on this machine; searched " +
                                joined(facts.model_folders, ", "),
                            "fast-transcribe model pull kb-whisper-small"});
    } else if (facts.default_model != "kb-whisper-small") {
        findings.push_back({Level::warn, "default model",
                            facts.default_model + ", much less accurate in Swedish than kb-whisper-small",
                            "fast-transcribe model pull kb-whisper-small"});
    } else {
        findings.push_back({Level::ok, "default model", facts.default_model, ""});
    }
    return findings;
}

Finding examine_vad(const DoctorFacts& facts) {
    if (!facts.vad_model.empty()) return {Level::ok, "speech detection", "Silero, " + facts.vad_model.string(), ""};
    return {Level::warn, "speech detection",
            "silero_vad_16k.safetensors was not found; loudness is used, which takes noise for speech",
            "./fast_transcribe.sh gets the file, or name it with --vad_model"};
}

Finding examine_cache(const DoctorFacts& facts) {
    Finding finding{Level::ok, "cache",
                    fmt::format("{}, {} free", facts.cache.string(), size_text(facts.cache_free_bytes)), ""};
    if (!facts.cache_writable) {
        finding.level = Level::fail;
        finding.text = facts.cache.string() + ": cannot be written to";
        finding.advice = "set FAST_TRANSCRIBE_HOME to a folder that can, or change this one's owner";
    } else if (facts.cache_free_bytes < cache_wanted) {
        finding.level = Level::warn;
        finding.advice =
            "models need from 200 MiB to 3 GiB each; free some space, or set FAST_TRANSCRIBE_HOME to a larger disk";
    }
    return finding;
}

const char* level_name(Level level) {
    return level == Level::ok ? "ok" : level == Level::warn ? "warn" : "FAIL";
}

}  // namespace

std::vector<Finding> examine(const DoctorFacts& facts) {
    std::vector<Finding> findings;
    findings.push_back({Level::ok, "program", "fast-transcribe " FT_VERSION ", " + facts.system, ""});
    findings.push_back(examine_cpu(facts));
    findings.push_back(examine_memory(facts));
    findings.push_back(examine_gpu(facts.gpu));
    findings.push_back({Level::ok, "libraries", joined(facts.libraries, ", "), ""});
    for (Finding& finding : examine_models(facts)) findings.push_back(std::move(finding));
    findings.push_back(examine_vad(facts));
    findings.push_back(examine_cache(facts));
    for (const DoctorFacts::Test& test : facts.tests) {
        findings.push_back(
            {test.passed ? Level::ok : Level::fail, "self-test", test.name + ": " + test.detail,
             test.passed ? "" : "this must not happen: report it with the whole output of fast-transcribe doctor"});
    }
    return findings;
}

bool any_failure(const std::vector<Finding>& findings) {
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& finding) { return finding.level == Level::fail; });
}

std::string findings_text(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& finding : findings) {
        text += fmt::format("{:<5} {:<17} {}\n", level_name(finding.level), finding.subject, printable(finding.text));
        if (!finding.advice.empty()) text += fmt::format("{:<23} → {}\n", "", printable(finding.advice));
    }
    return text + (any_failure(findings)
                       ? "\nSomething has to be done before transcription works: see the lines with FAIL.\n"
                       : "\nReady to transcribe.\n");
}

std::string findings_json(const std::vector<Finding>& findings) {
    nlohmann::ordered_json json = {
        {"version", FT_VERSION}, {"ok", !any_failure(findings)}, {"findings", nlohmann::ordered_json::array()}};
    for (const Finding& finding : findings) {
        json["findings"].push_back({{"level", level_name(finding.level)},
                                    {"subject", finding.subject},
                                    {"text", finding.text},
                                    {"advice", finding.advice}});
    }
    // File names need not be UTF-8; JSON must be.
    return dump_json(json, 2) + "\n";
}

}  // namespace ft
