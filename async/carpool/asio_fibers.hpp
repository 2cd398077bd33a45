/// What coroutines of Boost.Asio's await of connectors that wait in the style of threads: fibers of the context's
/// thread.
#pragma once

#include <carpool/asio/detail/outcome.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/time.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1 {

/// The fibers of the one thread that runs an io_context: its handlers and they take turns, and nothing changes threads.
/// So every connector for FiberBackend can be used from coroutines:
///
///     carpool::AsioFibers fibers(context);
///     auto lease = co_await carpool::co_acquire(pool);
///     auto value = co_await fibers.run([&] { return lease->query("..."); }, asio::use_awaitable);
///
/// Threads:  made, used and destroyed on the thread that runs the context, and that thread alone may run it.
/// Lifetime: must outlive what run() has begun; the context's run() returns when nothing is left of it.
/// Errors:   the constructor throws std::system_error where no descriptor is free.
class AsioFibers {
 public:
  /// Gives this thread FiberBackend's scheduler, if it has it not yet.
  explicit AsioFibers(boost::asio::io_context& context)
      : context_(context),
        timer_(context),
        reactor_(*detail::FiberReactor::here()),
        events_(context, reactor_.descriptor()) {
    reactor_.be_guest([](void* self) noexcept { static_cast<AsioFibers*>(self)->turn_soon(); }, this);
  }
  AsioFibers(const AsioFibers&) = delete;
  AsioFibers& operator=(const AsioFibers&) = delete;
  ~AsioFibers() {
    reactor_.be_guest(nullptr, nullptr);
    static_cast<void>(events_.release());  // the reactor's
  }

  /// Runs the call in a fiber of its own; completes with void(std::exception_ptr, what it returns), or
  /// void(std::exception_ptr). What it returns must have a default value. There is no cancellation: give the call a
  /// deadline of its own.
  template <class F, class Token>
  auto run(F call, Token&& token) {
    using Outcome = detail::AsioOutcome<std::invoke_result_t<F&>>;
    return boost::asio::async_initiate<Token, typename Outcome::Signature>(
        [this](auto handler, F work) { this->template start<Outcome>(std::move(handler), std::move(work)); }, token,
        std::move(call));
  }

 private:
  template <class Outcome, class Handler, class F>
  void start(Handler handler, F work) {
    auto executor = boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                        boost::asio::execution::outstanding_work.tracked);
    detail::start_fiber(reactor_, [this, executor, done = std::move(handler), call = std::move(work)]() mutable {
      Outcome outcome;
      try {
        outcome.run(call);
      } catch (...) {
        outcome.error = std::current_exception();
      }
      boost::asio::post(executor,
                        [told = std::move(done), how = std::move(outcome)]() mutable { how.deliver(std::move(told)); });
      if (--fibers_ == 0) stop_listening();
    });
    if (++fibers_ == 1) listen();
  }

  void turn_soon() noexcept {
    if (!std::exchange(turn_comes_, true)) boost::asio::post(context_, [this] { turn(); });
  }
  void turn() {
    turn_comes_ = true;  // none need be asked for meanwhile
    const auto until = reactor_.take_turn();
    turn_comes_ = false;
    if (!until) return turn_soon();
    sleep_until(fibers_ == 0 ? never : *until);
  }
  void sleep_until(TimePoint until) {
    if (std::exchange(sleeps_until_, until) == until) return;
    if (until == never) {
      timer_.cancel();
      return;
    }
    timer_.expires_at(until);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      sleeps_until_ = never;
      turn();
    });
  }
  void listen() {
    events_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                         if (error || fibers_ == 0) return;
                         turn();
                         if (fibers_ > 0) listen();
                       });
  }
  void stop_listening() {
    events_.cancel();
    timer_.cancel();
  }

  boost::asio::io_context& context_;
  boost::asio::steady_timer timer_;
  detail::FiberReactor& reactor_;
  boost::asio::posix::stream_descriptor events_;
  TimePoint sleeps_until_ = never;
  std::size_t fibers_ = 0;  // begun by run(), and not over
  bool turn_comes_ = false;
};

}  // namespace carpool::inline v0_1
