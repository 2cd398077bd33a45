/// Keeps the code of threads that are never stopped from being unloaded.
#pragma once

#include <atomic>

#include <dlfcn.h>

namespace carpool::inline v0_1::detail {

/// Hidden, so that each program and each shared object has its own, and its address lies within.
[[gnu::visibility("hidden")]] constinit inline std::atomic<bool> this_object_is_pinned{false};

/// The shared object that this is compiled into stays loaded until the process ends, whoever calls dlclose. Does
/// nothing to a program itself. It takes the dynamic linker's lock the first time, which a thread in dlopen() holds
/// while it runs an object's constructors: so call it with no lock that such a constructor may want.
[[gnu::visibility("hidden")]] inline void pin_this_object() noexcept {
  if (this_object_is_pinned.load(std::memory_order_relaxed)) return;
  Dl_info object{};
  if (::dladdr(&this_object_is_pinned, &object) != 0 && object.dli_fname != nullptr) {
    // A handle that is never closed would be enough; the flag says what it is for.
    static_cast<void>(::dlopen(object.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE));
  }
  this_object_is_pinned.store(true, std::memory_order_relaxed);
}

}  // namespace carpool::inline v0_1::detail
