/// Coroutines on an executor of Boost.Asio's that workers of a pool wait for.
#pragma once

#include <carpool/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

class AsioSleeper {
 public:
  AsioSleeper() = default;
  AsioSleeper(const AsioSleeper&) = delete;
  AsioSleeper& operator=(const AsioSleeper&) = delete;
  virtual ~AsioSleeper() = default;
  virtual void wake() noexcept = 0;
};

/// One coroutine. Shared by the worker that waits for it, if it waits still, and by what runs the coroutine.
template <class Backend, class T>
class AsioCall final : public AsioSleeper {
 public:
  /// On the executor, last.
  void end(std::exception_ptr error) noexcept {
    error_ = std::move(error);
    over_.store(true, std::memory_order_release);  // (2)
    wake();
  }
  void wake() noexcept override { [[maybe_unused]] const auto wakeup = slot_.unpark(); }

  /// By the worker. (2) synchronizes-with (1): what the executor wrote, the worker reads.
  [[nodiscard]] bool over() const noexcept { return over_.load(std::memory_order_acquire); }  // (1)
  void sleep_until(TimePoint deadline) { (void)slot_.park_until(deadline); }
  [[nodiscard]] T take() {
    if (error_ != nullptr) std::rethrow_exception(error_);
    return std::move(*result);
  }

  boost::asio::cancellation_signal cancellation;  // the strand's, after the coroutine has begun
  std::optional<T> result;                        // the executor's, until the call is over

 private:
  typename Backend::ParkingSlot slot_;
  std::atomic<bool> over_ = false;
  std::exception_ptr error_;  // as result
};

/// Begin is kept for as long as the coroutine that it returns needs it.
template <class Call, class Begin>
boost::asio::awaitable<void> run_asio_call(std::shared_ptr<Call> call, boost::asio::any_io_executor where,
                                           Begin begin) {
  auto result = co_await begin(where);
  call->result.emplace(std::move(result));
}

/// The calls of one connector that workers wait for. A copy has none, and is not interrupted with its original.
class AsioCalls {
 public:
  AsioCalls() = default;
  AsioCalls(const AsioCalls&) noexcept {}
  AsioCalls& operator=(const AsioCalls&) noexcept { return *this; }
  ~AsioCalls() = default;

  /// Every call fails at once, and each that comes later.
  void interrupt() noexcept {
    const std::scoped_lock lock(mutex_);
    interrupted_ = true;
    for (AsioSleeper* sleeper : sleepers_) sleeper->wake();
  }

  /// Runs the coroutine that `begin` makes on a strand of `executor`, and waits for what it returns or throws. At the
  /// deadline the coroutine is cancelled and left to its executor.
  template <class Backend, class T, class Begin>
  [[nodiscard]] T await(const boost::asio::any_io_executor& executor, TimePoint deadline, const char* what,
                        Begin begin) {
    static_assert(Backend::concurrent, "A SingleBackend's only worker cannot wait for an executor");
    const auto call = std::make_shared<AsioCall<Backend, T>>();
    const Entry entry(*this, *call);
    const boost::asio::any_io_executor strand = boost::asio::make_strand(executor);
    if (interrupted_) fail(std::errc::operation_canceled, what);
    boost::asio::co_spawn(strand, run_asio_call(call, strand, std::move(begin)),
                          boost::asio::bind_cancellation_slot(call->cancellation.slot(),
                                                              [call](std::exception_ptr error) { call->end(error); }));
    const Leaving leaving{*call, [&] { cancel(strand, call); }};
    while (!call->over() && !interrupted_ && Backend::now() < deadline) call->sleep_until(deadline);
    if (!call->over()) fail(interrupted_ ? std::errc::operation_canceled : std::errc::timed_out, what);
    return call->take();
  }

 private:
  struct Entry {
    AsioCalls& calls;
    AsioSleeper& sleeper;
    Entry(AsioCalls& all, AsioSleeper& one) : calls(all), sleeper(one) {
      const std::scoped_lock lock(calls.mutex_);
      calls.sleepers_.push_back(&sleeper);
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry() {
      const std::scoped_lock lock(calls.mutex_);
      std::erase(calls.sleepers_, &sleeper);
    }
  };
  /// Also where an interruption of the backend's ends the sleep.
  template <class Call, class Cancel>
  struct Leaving {
    const Call& call;
    Cancel cancel;
    ~Leaving() {
      if (!call.over()) cancel();
    }
  };
  template <class Call, class Cancel>
  Leaving(const Call&, Cancel) -> Leaving<Call, Cancel>;

  template <class Call>
  static void cancel(const boost::asio::any_io_executor& strand, const std::shared_ptr<Call>& call) noexcept {
    try {
      boost::asio::post(strand, [call] { call->cancellation.emit(boost::asio::cancellation_type::terminal); });
    } catch (const std::bad_alloc&) {  // then it ends when it ends: nobody waits for it
      return;
    }
  }
  [[noreturn]] static void fail(std::errc code, const char* what) {
    throw std::system_error(std::make_error_code(code), std::string("AsioConnector: ") + what);
  }

  std::mutex mutex_;
  std::vector<AsioSleeper*> sleepers_;     // under the mutex; a sleeper leaves before its worker does
  std::atomic<bool> interrupted_ = false;  // written under the mutex: a sleeper that enters later sees it
};

}  // namespace carpool::inline v0_1::detail
