/// One open connection of whatever protocol, as the tool's pools see it.
#pragma once

#include <carpool/time.hpp>

#include <functional>
#include <memory>
#include <string>

namespace carpool::compare {

/// Virtual, so that the pools are compiled once and not once for each protocol: beside a round trip to a server, the
/// nanoseconds of a call do not show. Its destructor closes.
template <class Backend>
class Conversation {
 public:
  Conversation() = default;
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  virtual ~Conversation() = default;

  /// One request that carries the text, and its whole reply. Throws what the connection throws, and WrongReply.
  virtual void exchange(const std::string& text, TimePoint deadline) = 0;

  [[nodiscard]] virtual bool is_connected() const noexcept = 0;
  [[nodiscard]] virtual bool reusable() const noexcept = 0;
  [[nodiscard]] virtual bool dirty() const noexcept = 0;
  virtual bool reset(TimePoint deadline) = 0;
};

/// Connects, or throws.
template <class Backend>
using Dial = std::function<std::unique_ptr<Conversation<Backend>>(TimePoint deadline)>;

}  // namespace carpool::compare
