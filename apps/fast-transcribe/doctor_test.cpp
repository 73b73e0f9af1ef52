#include "doctor.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

namespace ft {
namespace {

constexpr uint64_t gib = uint64_t{1} << 30;

DoctorFacts healthy() {
    DoctorFacts facts;
    facts.system = "Debian GNU/Linux 12 (bookworm), Linux 6.1 x86_64";
    facts.cpu = "Some CPU";
    facts.instruction_sets = {"avx2", "avx512_vnni"};
    facts.cores = 4, facts.usable_threads = 8;
    facts.memory_bytes = 16 * gib, facts.memory_available_bytes = 8 * gib;
    facts.libraries = {"FFmpeg 5.1", "oneDNN 2.6.3"};
    facts.models = {{"kb-whisper-small", "/m/small", 500 << 20, "", {"cpu int8", "cuda float16"}}};
    facts.default_model = "kb-whisper-small";
    facts.vad_model = "/m/silero_vad_16k.safetensors";
    facts.cache = "/home/u/.cache/fast-transcribe", facts.cache_writable = true, facts.cache_free_bytes = 100 * gib;
    facts.tests = {{"compute int8", "fine", true}};
    return facts;
}

const Finding* find(const std::vector<Finding>& findings, const std::string& subject) {
    for (const Finding& finding : findings) {
        if (finding.subject == subject) return &finding;
    }
    return nullptr;
}

Finding judged(const DoctorFacts& facts, const std::string& subject) {
    const std::vector<Finding> findings = examine(facts);
    const Finding* found = find(findings, subject);
    EXPECT_NE(found, nullptr) << subject;
    return found ? *found : Finding{};
}

TEST(Doctor, AHealthyMachineIsReady) {
    const std::vector<Finding> findings = examine(healthy());
    EXPECT_FALSE(any_failure(findings));
    for (const Finding& finding : findings) {
        EXPECT_EQ(finding.level, Level::ok) << finding.subject << ": " << finding.text;
        EXPECT_EQ(finding.advice, "") << finding.subject;
    }
    const std::string text = findings_text(findings);
    for (const char* word : {"Some CPU", "avx512_vnni", "8 threads", "16.0 GiB", "oneDNN 2.6.3", "kb-whisper-small",
                             "silero", "none found", "Ready", "prepared for cpu int8, cuda float16"}) {
        EXPECT_NE(text.find(word), std::string::npos) << word;
    }
    DoctorFacts fresh = healthy();
    fresh.models[0].packed.clear();
    EXPECT_NE(judged(fresh, "model").text.find("prepared at its first use"), std::string::npos);
}

TEST(Doctor, EveryFaultHasALevelAndAnAdvice) {
    struct Case {
        const char* subject;
        Level level;
        std::function<void(DoctorFacts&)> fault;
        const char* advice;
    };
    const Case cases[] = {
        {"CPU", Level::warn, [](DoctorFacts& f) { f.instruction_sets = {}; }, "AVX2"},
        {"memory", Level::warn, [](DoctorFacts& f) { f.memory_available_bytes = gib / 4; }, "smaller model"},
        {"GPU", Level::warn, [](DoctorFacts& f) { f.gpu.kernel_driver = "535.1"; }, "nvidia-smi"},
        {"GPU", Level::warn,
         [](DoctorFacts& f) {
             f.gpu = {"535.1", true, "", "12.2", {"Tesla T4"}, "the driver is older than CUDA 13.0 needs"};
         },
         "CUDA 13.0"},
        {"GPU", Level::warn,
         [](DoctorFacts& f) { f.gpu.has_driver_library = true, f.gpu.problem = "no CUDA-capable device"; },
         "nvidia-smi"},
        {"default model", Level::warn, [](DoctorFacts& f) { f.default_model = "whisper-base"; },
         "model pull kb-whisper-small"},
        {"default model", Level::warn,
         [](DoctorFacts& f) { f.default_model = "", f.models[0].name = "kb-whisper-large"; },
         "--model kb-whisper-large"},
        {"default model", Level::fail, [](DoctorFacts& f) { f.default_model = "", f.models.clear(); },
         "model pull kb-whisper-small"},
        {"model", Level::fail, [](DoctorFacts& f) { f.models[0].problem = "is damaged"; },
         "model pull kb-whisper-small"},
        {"speech detection", Level::warn, [](DoctorFacts& f) { f.vad_model = ""; }, "--vad_model"},
        {"cache", Level::fail, [](DoctorFacts& f) { f.cache_writable = false; }, "FAST_TRANSCRIBE_HOME"},
        {"cache", Level::warn, [](DoctorFacts& f) { f.cache_free_bytes = gib / 10; }, "FAST_TRANSCRIBE_HOME"},
        {"self-test", Level::fail, [](DoctorFacts& f) { f.tests[0].passed = false; }, "report"},
    };
    for (const Case& c : cases) {
        DoctorFacts facts = healthy();
        c.fault(facts);
        const Finding finding = judged(facts, c.subject);
        EXPECT_EQ(finding.level, c.level) << c.subject << ": " << finding.text;
        EXPECT_NE(finding.advice.find(c.advice), std::string::npos) << c.subject << ": " << finding.advice;
        EXPECT_EQ(any_failure(examine(facts)), c.level == Level::fail) << c.subject;
    }
}

TEST(Doctor, AWorkingGpuIsNamed) {
    DoctorFacts facts = healthy();
    facts.gpu = {"535.161.08", true, "", "12.2", {"Tesla T4"}, ""};
    const Finding finding = judged(facts, "GPU");
    EXPECT_EQ(finding.level, Level::ok);
    EXPECT_NE(finding.text.find("Tesla T4 (driver 535.161.08, CUDA 12.2)"), std::string::npos);
}

TEST(Doctor, JsonSaysTheSame) {
    DoctorFacts facts = healthy();
    facts.cache = "/home/\xff/cache";  // not UTF-8
    facts.cache_writable = false;
    const nlohmann::json json = nlohmann::json::parse(findings_json(examine(facts)));
    EXPECT_FALSE(json["ok"].get<bool>());
    EXPECT_EQ(json["findings"].size(), examine(facts).size());
    EXPECT_EQ(json["findings"][0]["level"], "ok");
}

}  // namespace
}  // namespace ft
