/// libpq's socket, for as long as a coroutine of Boost.Asio's waits for it.
#pragma once

#include <carpool/posix/fork_generation.hpp>
#include <carpool/posix/thread_random.hpp>
#include <carpool/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace carpool::inline v0_1::detail {

/// What PostgresHandle and PostgresWire ask of a Backend, besides waiting. No executor knows the socket while libpq
/// runs, so libpq may close it and the system may give its number to another.
struct AsioPostgresPlatform {
  [[nodiscard]] static std::uint64_t fork_generation() noexcept { return detail::fork_generation(); }
  [[nodiscard]] static TimePoint now() noexcept { return std::chrono::steady_clock::now(); }
  [[nodiscard]] static std::uint64_t random() noexcept { return thread_random(); }
  static void forget(int /*descriptor*/) noexcept {}
  /// On the executor: a coroutine has no helper thread.
  template <class Call>
  static decltype(auto) run_blocking(Call&& call) {
    return std::forward<Call>(call)();
  }
};

/// Never closes the descriptor, which is libpq's.
class AsioPostgresSocket {
 public:
  using Descriptor = boost::asio::posix::stream_descriptor;

  AsioPostgresSocket(const boost::asio::any_io_executor& where, int descriptor) : descriptor_(where, descriptor) {}
  AsioPostgresSocket(const AsioPostgresSocket&) = delete;
  AsioPostgresSocket& operator=(const AsioPostgresSocket&) = delete;
  ~AsioPostgresSocket() { static_cast<void>(descriptor_.release()); }

  /// For a completion token.
  template <class Token>
  auto until_readable(Token token) {
    return descriptor_.async_wait(Descriptor::wait_read, std::move(token));
  }
  template <class Token>
  auto until_writable(Token token) {
    return descriptor_.async_wait(Descriptor::wait_write, std::move(token));
  }

 private:
  Descriptor descriptor_;
};

inline boost::asio::awaitable<void> until_readable(int descriptor) {
  AsioPostgresSocket socket(co_await boost::asio::this_coro::executor, descriptor);
  co_await socket.until_readable(boost::asio::use_awaitable);
}
inline boost::asio::awaitable<void> until_writable(int descriptor) {
  AsioPostgresSocket socket(co_await boost::asio::this_coro::executor, descriptor);
  co_await socket.until_writable(boost::asio::use_awaitable);
}

/// Waits for either operation and calls the other one off. Whether the first one has ended.
template <class First, class Second>
boost::asio::awaitable<bool> first_of(First first, Second second) {
  const auto [order, error_of_first, error_of_second] =
      co_await boost::asio::experimental::make_parallel_group(std::move(first), std::move(second))
          .async_wait(boost::asio::experimental::wait_for_one(), boost::asio::use_awaitable);
  const bool is_first = order[0] == 0;
  const boost::system::error_code error = is_first ? error_of_first : error_of_second;
  if (error) throw boost::system::system_error(error);
  co_return is_first;
}

/// Until it can be read or written; whether it can be read.
inline boost::asio::awaitable<bool> until_readable_or_writable(int descriptor) {
  AsioPostgresSocket socket(co_await boost::asio::this_coro::executor, descriptor);
  co_return co_await first_of(socket.until_readable(boost::asio::deferred),
                              socket.until_writable(boost::asio::deferred));
}

/// For no longer than `time`; whether it can be read.
inline boost::asio::awaitable<bool> is_readable_within(int descriptor, Duration time) {
  const auto where = co_await boost::asio::this_coro::executor;
  AsioPostgresSocket socket(where, descriptor);
  boost::asio::steady_timer timer(where, time);
  co_return co_await first_of(socket.until_readable(boost::asio::deferred), timer.async_wait(boost::asio::deferred));
}

}  // namespace carpool::inline v0_1::detail
