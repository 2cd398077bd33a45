/// Keeps the code of threads that are never stopped from being unloaded.
#pragma once

#include <dlfcn.h>

namespace carpool::detail {

/// Hidden, so that each program and each shared object has its own, and its address lies within.
[[gnu::visibility("hidden")]] inline char part_of_this_object = 0;

/// The shared object that this is compiled into stays loaded until the process ends, whoever calls dlclose. Does
/// nothing to a program itself.
inline void pin_this_object() noexcept {
  Dl_info object{};
  if (::dladdr(&part_of_this_object, &object) == 0 || object.dli_fname == nullptr) return;
  // A handle that is not given back would be enough; the flag says it to who looks.
  static_cast<void>(::dlopen(object.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE));
}

}  // namespace carpool::detail
