#include "backends/cuda/standin/fiber.h"

#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifndef __x86_64__
#error "the CUDA stand-in switches stacks on x86-64 only: leave FT_CUDA_STANDIN off"
#endif

// Saves the registers that a callee must keep, and goes on where `to` was left.
asm(R"(
.text
.type ft_switch_stack, @function
ft_switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size ft_switch_stack, .-ft_switch_stack
)");
extern "C" void ft_switch_stack(void** from, void* to);

namespace ft::cuda_standin::standin {

namespace {
thread_local Fiber* entering = nullptr;
}  // namespace

Fiber::Fiber() : stack_(new std::byte[stack_bytes]) {}
Fiber::~Fiber() = default;

void Fiber::prepare(void (*body)(void*), void* argument) {
#if defined(__SANITIZE_ADDRESS__)
    if (!ended_) __asan_unpoison_memory_region(stack_.get(), stack_bytes);  // frames that were never left
#endif
    body_ = body;
    argument_ = argument;
    ended_ = false;
    fake_inside_ = nullptr;
    // As a call leaves it: a return address, on a stack that was aligned to 16 before the call.
    auto top = reinterpret_cast<uintptr_t>(stack_.get() + stack_bytes) & ~uintptr_t{15};
    auto* words = reinterpret_cast<uintptr_t*>(top) - 2;
    words[0] = reinterpret_cast<uintptr_t>(&Fiber::start);
    words[1] = 0;
    for (int saved = 1; saved <= 6; ++saved) words[-saved] = 0;
    inside_ = words - 6;
}

void Fiber::enter() {
    entering = this;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&fake_outside_, stack_.get(), stack_bytes);
#endif
    ft_switch_stack(&outside_, inside_);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake_outside_, nullptr, nullptr);
#endif
}

void Fiber::leave() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(ended_ ? nullptr : &fake_inside_, outside_bottom_, outside_bytes_);
#endif
    ft_switch_stack(&inside_, outside_);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake_inside_, &outside_bottom_, &outside_bytes_);
#endif
}

void Fiber::start() {
    entering->run();
}

void Fiber::run() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(nullptr, &outside_bottom_, &outside_bytes_);
#endif
    body_(argument_);
    ended_ = true;
    leave();
    __builtin_unreachable();
}

}  // namespace ft::cuda_standin::standin
