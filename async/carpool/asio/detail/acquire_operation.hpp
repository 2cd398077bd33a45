/// An acquire that completes a handler of Boost.Asio's.
#pragma once

#include <carpool/acquiring.hpp>
#include <carpool/asio/detail/operation.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>

#include <optional>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Result says how the handler is told: its `Error of_caught()` is called in a catch clause.
template <class Pool, class Result, class Handler>
class AsioAcquireOperation final
    : public AsioOperation<AsioAcquireOperation<Pool, Result, Handler>, Acquiring<Pool>, Handler> {
  using Operation = AsioOperation<AsioAcquireOperation, Acquiring<Pool>, Handler>;
  using Lease = typename Pool::Lease;
  using Target = typename Pool::Target;
  static_assert(Acquiring<Pool>::is_safe_in_coroutines,
                "A coroutine may be destroyed in the middle of an exchange: the connector needs reusable or in_step");

 public:
  using Operation::Operation;

  /// False: nothing is ready, and the handler is the caller's still.
  [[nodiscard]] static bool post_if_ready(Pool& pool, const Target& target, const SourceLocation& site,
                                          Handler& handler) {
    typename Result::Error error{};
    Lease lease;
    try {
      lease = Acquiring<Pool>::take_if_ready(pool, target, site);
      if (!lease) return false;
    } catch (...) {
      error = Result::of_caught();
    }
    const auto executor = boost::asio::get_associated_executor(handler);
    boost::asio::post(executor, [done = std::move(handler), error, given = std::move(lease)]() mutable {
      std::move(done)(std::move(error), std::move(given));
    });
    return true;
  }

  /// Completes by a post, never within this call.
  static void wait(Pool& pool, const Target& target, std::optional<TimePoint> deadline, const SourceLocation& site,
                   Handler handler) {
    AsioAcquireOperation& self = Operation::make(std::move(handler), pool, target, deadline, site);
    if (!self.begin()) return;  // self may be gone
    self.over_ = true;
    self.post();
  }

 private:
  friend Operation;

  void run() {
    if (!over_) this->list();  // before it waits again, if it must
    if (over_ || this->proceed()) finish();
  }
  void finish() {
    this->clear_slot();
    typename Result::Error error{};
    Lease lease;
    try {
      lease = this->lease();
    } catch (...) {
      error = Result::of_caught();
    }
    this->complete(std::move(error), std::move(lease));
  }

  bool over_ = false;  // begin() has ended it
};

}  // namespace carpool::inline v0_1::detail
