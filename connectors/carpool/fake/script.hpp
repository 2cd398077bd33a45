/// The words in which a test says what each connect of a FakeConnector shall do.
#pragma once

#include <carpool/errors.hpp>
#include <carpool/time.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1 {

/// How a scripted method ends.
enum class FakeReply {
  yes,      ///< at once, as it should
  no,       ///< at once, with false
  silence,  ///< false, at the deadline
};

/// What one connect does, and what the connection that it opens is like. Made by the words in carpool::fake, and
/// refined by the members below, each of which returns the refined script.
class FakeConnect {
 public:
  /// How the connect ends, once its delay is over.
  enum class Ending {
    connected,  ///< with a connection
    failed,     ///< with the exception
    hanging,    ///< not before the deadline
    held,       ///< when FakeServer::let_through says so
  };

  Ending ending = Ending::connected;  ///< what happens when delay is over
  /// Before the ending; past the deadline the connect ends with std::errc::timed_out.
  Duration delay = Duration::zero();
  std::exception_ptr error = nullptr;              ///< thrown where ending is failed
  std::optional<std::size_t> uses_to_live = {};    ///< see dying_after_uses; none: no bound
  std::optional<std::size_t> checks_to_live = {};  ///< see dying_after_checks; none: no bound
  std::optional<Duration> time_to_live = {};       ///< see dying_after; none: no bound
  Duration announced_lifetime = forever;           ///< see announcing; forever: the pool's eviction decides alone
  Duration goodbye_time = Duration::zero();        ///< see slow_to_part
  bool gets_dirty = false;                         ///< see dirtied_by_use
  FakeReply ping = FakeReply::yes;                 ///< see answering_pings
  FakeReply reset = FakeReply::yes;                ///< see answering_resets

  /// The server closes after the n-th use.
  [[nodiscard]] FakeConnect dying_after_uses(std::size_t n) const { return with(&FakeConnect::uses_to_live, n); }
  /// is_connected says yes n times; then no.
  [[nodiscard]] FakeConnect dying_after_checks(std::size_t n) const { return with(&FakeConnect::checks_to_live, n); }
  /// The server closes so long after the connect.
  [[nodiscard]] FakeConnect dying_after(Duration age) const { return with(&FakeConnect::time_to_live, age); }
  /// The connector's lifetime() for it.
  [[nodiscard]] FakeConnect announcing(Duration life) const { return with(&FakeConnect::announced_lifetime, life); }
  /// Each use leaves it dirty, until a reset.
  [[nodiscard]] FakeConnect dirtied_by_use() const { return with(&FakeConnect::gets_dirty, true); }
  /// Every ping of this connection; FakeServer::answer_every_ping goes first.
  [[nodiscard]] FakeConnect answering_pings(FakeReply reply) const { return with(&FakeConnect::ping, reply); }
  /// Every reset of this connection.
  [[nodiscard]] FakeConnect answering_resets(FakeReply reply) const { return with(&FakeConnect::reset, reply); }
  /// invalidate takes so long, or until its deadline.
  [[nodiscard]] FakeConnect slow_to_part(Duration time) const { return with(&FakeConnect::goodbye_time, time); }

 private:
  template <class Field, class Value>
  [[nodiscard]] FakeConnect with(Field FakeConnect::* field, Value value) const {
    FakeConnect changed = *this;
    changed.*field = value;
    return changed;
  }
};

/// The words of a script: server.next_connects({refuse("down"), slow(150ms), ok()}).
namespace fake {

[[nodiscard]] inline FakeConnect ok() { return {}; }  ///< connects at once, and lives until it is told otherwise

/// Succeeds after the delay, if the deadline allows.
[[nodiscard]] inline FakeConnect slow(Duration delay) {
  FakeConnect script;
  script.delay = delay;
  return script;
}

/// A connect that throws error. Each connect that follows the script throws the same object.
template <class Error>
[[nodiscard]] FakeConnect failing_with(Error error) {
  FakeConnect script;
  script.ending = FakeConnect::Ending::failed;
  script.error = std::make_exception_ptr(std::move(error));
  return script;
}

/// Throws: std::system_error with std::errc::connection_refused, which a pool retries.
[[nodiscard]] inline FakeConnect refuse(const std::string& message) {
  return failing_with(std::system_error(std::make_error_code(std::errc::connection_refused), message));
}
/// Throws: AuthenticationError, which a pool does not retry for 30 s.
[[nodiscard]] inline FakeConnect refuse_credentials(const std::string& message) {
  return failing_with(AuthenticationError(message));
}

/// Never answers: the connect ends at its deadline, with std::errc::timed_out.
[[nodiscard]] inline FakeConnect hang() {
  FakeConnect script;
  script.ending = FakeConnect::Ending::hanging;
  return script;
}

/// In flight until FakeServer::let_through, or its deadline.
[[nodiscard]] inline FakeConnect held() {
  FakeConnect script;
  script.ending = FakeConnect::Ending::held;
  return script;
}

}  // namespace fake

}  // namespace carpool::inline v0_1
