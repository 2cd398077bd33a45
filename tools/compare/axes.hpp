/// What can be combined: the names of backends, queues, evictions and scenarios, each with its meaning.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace carpool::compare {

enum class BackendKind : std::uint8_t {
  single,        ///< one caller, nobody waits
  thread,        ///< std::thread workers
  boost_thread,  ///< boost::thread workers, interruptible
  fiber,         ///< fibers of one OS thread
};

enum class QueueKind : std::uint8_t {
  lifo,      ///< LifoStack
  lifetime,  ///< LifetimeQueue
  fifo,      ///< FifoQueue
  affine,    ///< AffineBag
};

enum class EvictionKind : std::uint8_t {
  standard,      ///< DefaultEviction as users get it
  max_lifetime,  ///< a lifetime so short that connections end within the run
  idle,          ///< an idle time so short that surplus connections end within the run
  max_uses,      ///< a few uses each
  never,         ///< NeverEvict
};

enum class Scenario : std::uint8_t {
  steady,  ///< the same load from beginning to end
  spike,   ///< everybody at once on a cold pool
  outage,  ///< the server dies and returns
  churn,   ///< every n-th lease is discarded
};

/// One value of an axis as the user writes and reads it.
template <class Kind>
struct Named {
  Kind kind;
  std::string_view name;
  std::string_view meaning;
};

inline constexpr std::array<Named<BackendKind>, 4> backends{{
    {BackendKind::single, "single", "SingleBackend: one worker by nature, without locks"},
    {BackendKind::thread, "thread", "ThreadBackend: each worker a std::thread"},
    {BackendKind::boost_thread, "boost_thread", "BoostThreadBackend: each worker an interruptible boost::thread"},
    {BackendKind::fiber, "fiber", "FiberBackend: all workers are fibers of one OS thread"},
}};

inline constexpr std::array<Named<QueueKind>, 4> queues{{
    {QueueKind::lifo, "lifo", "LifoStack: the connection used last goes out first"},
    {QueueKind::lifetime, "lifetime", "LifetimeQueue: the oldest connection goes out first"},
    {QueueKind::fifo, "fifo", "FifoQueue: each connection in its turn"},
    {QueueKind::affine, "affine", "AffineBag: a worker gets back what it used last"},
}};

inline constexpr std::array<Named<EvictionKind>, 5> evictions{{
    {EvictionKind::standard, "default", "30 min less up to 25 %, or 10 min idle: nothing ends within a run"},
    {EvictionKind::max_lifetime, "max_lifetime", "100 ms less up to 25 %: what constant renewal costs"},
    {EvictionKind::idle, "idle", "20 ms idle: surplus connections are closed"},
    {EvictionKind::max_uses, "max_uses", "1000 uses each"},
    {EvictionKind::never, "never", "a connection is closed only when it is dead"},
}};

inline constexpr std::array<Named<Scenario>, 4> scenarios{{
    {Scenario::steady, "steady", "the same load from beginning to end"},
    {Scenario::spike, "spike", "50 callers at once on a cold pool; a connect takes 150 ms, the work 2 ms"},
    {Scenario::outage, "outage", "the server dies for a third of the time and returns"},
    {Scenario::churn, "churn", "every n-th lease is discarded, so connections are always being opened"},
}};

[[nodiscard]] constexpr std::span<const Named<BackendKind>> names_of(BackendKind) { return backends; }
[[nodiscard]] constexpr std::span<const Named<QueueKind>> names_of(QueueKind) { return queues; }
[[nodiscard]] constexpr std::span<const Named<EvictionKind>> names_of(EvictionKind) { return evictions; }
[[nodiscard]] constexpr std::span<const Named<Scenario>> names_of(Scenario) { return scenarios; }

template <class Kind>
[[nodiscard]] constexpr std::string_view name_of(Kind kind) {
  for (const auto& entry : names_of(kind)) {
    if (entry.kind == kind) return entry.name;
  }
  return "unknown";
}

template <class Kind>
[[nodiscard]] constexpr std::optional<Kind> find_kind(std::string_view name) {
  for (const auto& entry : names_of(Kind{})) {
    if (entry.name == name) return entry.kind;
  }
  return std::nullopt;
}

/// "single, thread, boost_thread, fiber"
template <class Kind>
[[nodiscard]] std::string list_names() {
  std::string list;
  for (const auto& entry : names_of(Kind{})) list += (list.empty() ? "" : ", ") + std::string(entry.name);
  return list;
}

}  // namespace carpool::compare
