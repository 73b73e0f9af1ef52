#include "doctor_facts.h"

#include <gtest/gtest.h>

#include <cctype>

namespace ft {
namespace {

TEST(DoctorFacts, CpuIsReadFromLinux) {
    const CpuInfo info = parse_cpu_info(
        "processor\t: 0\nmodel name\t: AMD EPYC 7R13\nphysical id\t: 0\ncore id\t\t: 0\nflags\t\t: fpu avx2 sse4_1 fma "
        "avx512_vnni_no\n\n"
        "processor\t: 1\nmodel name\t: AMD EPYC 7R13\nphysical id\t: 0\ncore id\t\t: 0\nflags\t\t: fpu\n\n"
        "processor\t: 2\nmodel name\t: AMD EPYC 7R13\nphysical id\t: 1\ncore id\t\t: 0\nflags\t\t: fpu\n");
    EXPECT_EQ(info.model, "AMD EPYC 7R13");
    EXPECT_EQ(info.cores, 2) << "two sockets with a core each, one with two threads";
    EXPECT_EQ(info.instruction_sets, (std::vector<std::string>{"sse4_1", "avx2", "fma"})) << "whole words only";
    const CpuInfo arm =
        parse_cpu_info("processor\t: 0\nFeatures\t: fp asimd asimddp\n\nprocessor\t: 1\nFeatures\t: fp\n");
    EXPECT_EQ(arm.cores, 2);
    EXPECT_EQ(arm.instruction_sets, (std::vector<std::string>{"asimd", "asimddp"}));
    EXPECT_EQ(parse_cpu_info("").cores, 0);
}

TEST(DoctorFacts, MemoryIsReadFromLinux) {
    const char* const text = "MemTotal:        8052988 kB\nMemFree:  1 kB\nMemAvailable:    6000000 kB\n";
    EXPECT_EQ(parse_memory(text, "MemTotal"), 8052988ull * 1024);
    EXPECT_EQ(parse_memory(text, "MemAvailable"), 6000000ull * 1024);
    EXPECT_EQ(parse_memory(text, "Mem"), 0u);
}

TEST(DoctorFacts, NvidiaVersionIsFoundInEitherKindOfModule) {
    EXPECT_EQ(parse_nvidia_version("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.08  Sat Feb 17 22:55:48 "
                                   "UTC 2024\nGCC version: 12.2"),
              "535.161.08");
    EXPECT_EQ(parse_nvidia_version("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.14  Release Build"),
              "550.54.14");
    EXPECT_EQ(parse_nvidia_version("nothing"), "");
}

TEST(DoctorFacts, ThisMachineHasThem) {
    DoctorFacts facts;
    gather_machine(facts);
    EXPECT_GT(facts.cores, 0);
    EXPECT_GT(facts.usable_threads, 0);
    EXPECT_GT(facts.memory_bytes, facts.memory_available_bytes);
    EXPECT_NE(facts.system.find("Linux"), std::string::npos);
    for (const std::string& library : gather_libraries(make_backend({})->info())) {
        EXPECT_TRUE(std::isdigit(static_cast<unsigned char>(library.substr(library.rfind(' ') + 1)[0]))) << library;
    }
    const DoctorFacts::Gpu gpu = gather_gpu();
    EXPECT_TRUE(gpu.has_driver_library || gpu.devices.empty());
}

TEST(DoctorFacts, SelfTestsPassHere) {
    const std::vector<DoctorFacts::Test> tests = run_self_tests();
    EXPECT_EQ(tests.size(), 3u);
    for (const DoctorFacts::Test& test : tests) EXPECT_TRUE(test.passed) << test.name << ": " << test.detail;
}

}  // namespace
}  // namespace ft
