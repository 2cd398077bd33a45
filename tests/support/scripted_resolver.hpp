/// Puts names that no resolver knows in front of getaddrinfo. Include it in one source of a test program only: it
/// defines the function, for the whole program.
#pragma once

#include <dlfcn.h>
#include <netdb.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// What getaddrinfo says of one name.
struct ScriptedName {
  /// Numeric hosts and ports; a port of 0 stands for the one that was asked for.
  std::vector<std::pair<std::string, int>> addresses = {};
  std::chrono::milliseconds delay{0};
  int error = 0;  ///< an EAI_ code instead of addresses
};

/// Of these names, until others are given to them.
class ScriptedNames {
 public:
  void set(const std::string& name, ScriptedName script) {
    const std::lock_guard lock(mutex_);
    names_[name] = std::move(script);
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    names_.clear();
  }
  /// A copy: who no longer waits for an answer may change the name while it is still on its way.
  [[nodiscard]] std::optional<ScriptedName> find(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = names_.find(name);
    return found == names_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, ScriptedName> names_;
};

/// Never destroyed: a helper thread may be asking until the very end.
inline ScriptedNames& scripted_names() {
  static auto& names = *new ScriptedNames;
  return names;
}
inline void script_name(const std::string& name, ScriptedName script) { scripted_names().set(name, std::move(script)); }

inline int real_getaddrinfo(const char* host, const char* port, const addrinfo* hints, addrinfo** found) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(host, port, hints, found);
}

/// Hides libc's in this program. freeaddrinfo frees each entry of a chain by itself, so chains may be joined.
extern "C" int getaddrinfo(const char* host, const char* port, const addrinfo* hints, addrinfo** found) {
  const auto name = scripted_names().find(host == nullptr ? "" : host);
  const bool numeric_only = hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0;
  if (!name || numeric_only) return real_getaddrinfo(host, port, hints, found);
  const ScriptedName& script = *name;
  std::this_thread::sleep_for(script.delay);
  if (script.error != 0) return script.error;
  addrinfo** end = found;
  for (const auto& [address, its_port] : script.addresses) {
    const std::string service = its_port == 0 ? port : std::to_string(its_port);
    if (const int error = real_getaddrinfo(address.c_str(), service.c_str(), hints, end); error != 0) return error;
    while (*end != nullptr) end = &(*end)->ai_next;
  }
  return 0;
}
