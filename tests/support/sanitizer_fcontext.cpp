// Tells AddressSanitizer about every switch of Boost.Context's stacks.
//
// Why: AddressSanitizer must know on which stack a thread runs. The libraries of a distribution do not tell it, and so
// a correct program that throws inside a fiber is reported as "stack-buffer-overflow". To build Boost anew with
// ucontext and BOOST_USE_ASAN would help, but then the tests would run other code than users do.
//
// How: the three functions by which Boost.Context switches are defined here, in the program, where the dynamic linker
// finds them before those of libboost_context.so. They announce the switch and call the originals. A context's handle
// is opaque to Boost, so it is given the address of a record of ours, which holds the real handle and the stack's
// bounds.
//
// Compile it WITHOUT any -fsanitize and link it into programs that have -fsanitize=address and the shared
// Boost.Context. Run them with detect_stack_use_after_return=0: fake stacks of fibers that have ended are never given
// back.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

#include <dlfcn.h>
#include <pthread.h>

extern "C" {
void __sanitizer_start_switch_fiber(void** fake_stack_save, const void* bottom, std::size_t size);
void __sanitizer_finish_switch_fiber(void* fake_stack_save, const void** bottom_old, std::size_t* size_old);
void __asan_unpoison_memory_region(const volatile void* address, std::size_t size);

/// As Boost.Context declares it: what a switch brings along.
struct Transfer {
  void* context;  ///< where it came from
  void* data;
};
}

namespace {

using Entry = void (*)(Transfer);
using OnTop = Transfer (*)(Transfer);

/// One stack: a fiber's, at its top, or a thread's own.
struct Stack {
  const void* bottom = nullptr;
  std::size_t size = 0;
  void* handle = nullptr;      ///< Boost's, while nobody runs on it
  void* fake_stack = nullptr;  ///< AddressSanitizer's, meanwhile
  Entry entry = nullptr;
  bool unpacked = false;  ///< on_top() has opened the parcel already
};

/// What really travels; on the stack that is left.
struct Parcel {
  Stack* from;
  Stack* to;
  void* data;
  OnTop on_top;
};

template <class Function>
Function original(const char* name) {
  void* const found = dlsym(RTLD_NEXT, name);
  if (found != nullptr) return reinterpret_cast<Function>(found);
  std::fprintf(stderr, "sanitizer_fcontext: no %s; link libboost_context as a shared library\n", name);
  std::abort();
}

using MakeContext = void* (*)(void*, std::size_t, Entry);
using JumpContext = Transfer (*)(void*, void*);
using OnTopContext = Transfer (*)(void*, void*, OnTop);
const auto original_make = original<MakeContext>("make_fcontext");
const auto original_jump = original<JumpContext>("jump_fcontext");
const auto original_ontop = original<OnTopContext>("ontop_fcontext");

/// Out of line: a context may go on in another thread, where an address from before the switch is the other thread's.
[[gnu::noinline]] Stack*& current() {
  static thread_local Stack* stack = nullptr;
  asm volatile("" ::: "memory");
  return stack;
}

Stack& this_stack() {
  if (current() == nullptr) {
    static thread_local Stack thread;
    pthread_attr_t attributes;
    void* bottom = nullptr;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &bottom, &thread.size);
    pthread_attr_destroy(&attributes);
    thread.bottom = bottom;
    current() = &thread;
  }
  return *current();
}

/// The thread that leaves is the one that arrives, so it can say already where it will be.
void leave(const Parcel& parcel) {
  current() = parcel.to;
  __sanitizer_start_switch_fiber(&parcel.from->fake_stack, parcel.to->bottom, parcel.to->size);
}

/// On the new stack: says so, and gives Boost what it sent, with our record for a handle.
Transfer arrive(Transfer transfer) {
  auto& parcel = *static_cast<Parcel*>(transfer.data);
  __sanitizer_finish_switch_fiber(parcel.to->fake_stack, nullptr, nullptr);
  parcel.from->handle = transfer.context;
  return {parcel.from, parcel.data};
}

/// Runs on the new stack before the switch that was left there returns, or instead, by an exception.
Transfer arrive_on_top(Transfer transfer) {
  const auto& parcel = *static_cast<Parcel*>(transfer.data);
  const OnTop function = parcel.on_top;
  Stack& stack = *parcel.to;
  const Transfer result = function(arrive(transfer));
  stack.unpacked = true;
  return result;
}

Transfer unpack(Stack& stack, Transfer transfer) {
  if (!stack.unpacked) return arrive(transfer);
  stack.unpacked = false;
  return transfer;
}

/// What a new context runs first.
void enter(Transfer transfer) {
  Stack& stack = *current();
  stack.entry(unpack(stack, transfer));
  std::abort();  // Boost's entry never returns
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] void* make_fcontext(void* top, std::size_t size, Entry entry) {
  const auto end = reinterpret_cast<std::uintptr_t>(top);
  const std::uintptr_t record = (end - sizeof(Stack)) & ~std::uintptr_t{63};
  const void* const bottom = reinterpret_cast<void*>(end - size);
  // The last fiber on this stack may have left by a switch, with its frames' red zones in place.
  __asan_unpoison_memory_region(bottom, size);
  auto* const stack = new (reinterpret_cast<void*>(record)) Stack{.bottom = bottom, .size = size, .entry = entry};
  stack->handle = original_make(stack, record - (end - size), enter);
  return stack;
}

[[gnu::visibility("default")]] Transfer jump_fcontext(void* to, void* data) {
  Stack& stack = this_stack();
  Parcel parcel{&stack, static_cast<Stack*>(to), data, nullptr};
  leave(parcel);
  return unpack(stack, original_jump(parcel.to->handle, &parcel));
}

[[gnu::visibility("default")]] Transfer ontop_fcontext(void* to, void* data, OnTop function) {
  Stack& stack = this_stack();
  Parcel parcel{&stack, static_cast<Stack*>(to), data, function};
  leave(parcel);
  return unpack(stack, original_ontop(parcel.to->handle, &parcel, arrive_on_top));
}

}  // extern "C"
