#pragma once
// `fast-transcribe doctor`: facts about this machine → findings, each with what to do about it.
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace ft {

/// What was found out; gathered in doctor_facts.cpp, judged here, so that tests can invent machines.
struct DoctorFacts {
    std::string system;                         ///< "Debian GNU/Linux 12 (bookworm), Linux 6.1"
    std::string cpu;                            ///< model name
    std::vector<std::string> instruction_sets;  ///< those that matter here, "avx2", "avx512_vnni", …
    int cores = 0, usable_threads = 0;
    uint64_t memory_bytes = 0, memory_available_bytes = 0;

    struct Gpu {
        std::string kernel_driver;         ///< version of the kernel module; empty: none
        bool has_driver_library = false;   ///< libcuda.so.1 could be loaded
        std::string problem;               ///< why it could not be used, in CUDA's words
        std::string cuda;                  ///< highest CUDA version of the driver
        std::vector<std::string> devices;  ///< names
        std::string engine_problem;        ///< why the first cannot be used by the engine, or what it computes wrongly
    } gpu;

    std::vector<std::string> libraries;  ///< names with their versions at run time

    struct Model {
        std::string name;
        std::filesystem::path path;
        uint64_t bytes = 0;
        std::string problem;              ///< empty: it can be opened
        std::vector<std::string> packed;  ///< what it is prepared for already: "cpu int8", "cuda float16"
    };
    std::vector<Model> models;
    std::string default_model;               ///< what a run without --model would take; empty: none
    std::vector<std::string> model_folders;  ///< for the advice when there is none
    std::filesystem::path vad_model;

    std::filesystem::path cache;
    bool cache_writable = false;
    uint64_t cache_free_bytes = 0;

    struct Test {
        std::string name, detail;
        bool passed = false;
    };
    std::vector<Test> tests;
};

enum class Level { ok, warn, fail };

struct Finding {
    Level level = Level::ok;
    std::string subject, text;
    std::string advice;  ///< what to do; empty when all is well
};

std::vector<Finding> examine(const DoctorFacts& facts);
bool any_failure(const std::vector<Finding>& findings);
/// Lines for people, in columns.
std::string findings_text(const std::vector<Finding>& findings);
/// {"version", "ok", "findings": [{"level", "subject", "text", "advice"}]}
std::string findings_json(const std::vector<Finding>& findings);

}  // namespace ft
