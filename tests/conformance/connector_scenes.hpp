/// What the scenes of the connectors' tests share: questions that nobody else asks, and a scene on each backend.
#pragma once

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>

#include "io_backends.hpp"

/// The one error that no fault excuses.
struct AnothersAnswer : std::logic_error {
  AnothersAnswer() : std::logic_error("another's answer") {}
};

/// Each is another, and all are of one length.
[[nodiscard]] inline std::string new_nonce() {
  static std::atomic<int> last = 1'000'000;
  return std::to_string(++last);
}

inline void check_answer(const std::string& answer, const std::string& expected) {
  if (answer != expected) throw AnothersAnswer();
}

/// A scene's own deadline, for exchanges that are to succeed.
template <class Backend>
[[nodiscard]] carpool::TimePoint patiently() {
  return Backend::now() + std::chrono::seconds(10);
}

template <template <class> class Scene, class Backends>
struct SceneOnEach;
template <template <class> class Scene, class... Backends>
struct SceneOnEach<Scene, testing::Types<Backends...>> {
  using type = testing::Types<Scene<Backends>...>;
};
template <template <class> class Scene>
using ScenesOf = typename SceneOnEach<Scene, AllIoBackends>::type;
