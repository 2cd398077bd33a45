/// Every worker is a fiber: a wait suspends it and lets the others of its thread go on.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/fiber/blocking_helpers.hpp>
#include <carpool/fiber/descriptor_generations.hpp>
#include <carpool/fiber/parking_slot.hpp>
#include <carpool/fiber/reactor.hpp>
#include <carpool/fiber/service_thread.hpp>
#include <carpool/fiber/task.hpp>
#include <carpool/posix/backend.hpp>
#include <carpool/posix/immortal_mutex.hpp>
#include <carpool/posix/reaper_service.hpp>
#include <carpool/posix/thread_pointer.hpp>
#include <carpool/posix/word_atomic.hpp>
#include <carpool/time.hpp>

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include <poll.h>

namespace carpool::inline v0_1 {

template <class Backend>
class PosixSocket;

/// Boost.Fiber, with a scheduler of our own that is also an epoll reactor. A thread that first waits here gets it
/// silently; its other Boost fibers go on under it. Fibers stay on their thread: shared_work and work_stealing cannot
/// be used with it. Several threads with fibers of their own may share one pool, plain threads too.
///
/// A fiber has a stack of 64 KB with a guard page; where a process has more than 16,384 fibers, new ones have no guard.
/// A thread that waits has two descriptors until it ends. Suspending inside a catch block is allowed, also with
/// versions of Boost that do not provide for it (before 1.88); but no operation that finds at once what it wants gives
/// way there (<carpool/budget.hpp>). A thread ends when its last fiber has. std::exit in a fiber never returns, because
/// Boost then waits for that fiber: leave it, and exit from the thread's own function.
///
/// After fork(2) the child has copies of the forking thread's fibers; those that wait for a descriptor get POLLNVAL.
/// What was spawned elsewhere is not there, and joining it returns at once.
struct FiberBackend : detail::PosixBackend {
  static constexpr bool concurrent = true;

  template <class T>
  using Atomic = detail::ThreadAtomic<T>;
  /// A lock of the OS thread, though fibers take it: its owner never suspends, so no fiber of its thread can want it
  /// too.
  using Mutex = ImmortalMutex;
  using ParkingSlot = FiberParkingSlot;
  using Wakeup = FiberWakeup;
  using Task = FiberTask;
  using Socket = PosixSocket<FiberBackend>;

  /// Gives this thread the scheduler on purpose. Throws std::system_error where no descriptor is free, std::logic_error
  /// if the thread has a scheduler whose fibers have properties of another type.
  static void install() { static_cast<void>(detail::FiberReactor::here()); }

  static void sleep_until(TimePoint deadline) {
    FiberParkingSlot nobody_unparks;
    consume_budget(1);  // the deadline may have passed
    while (now() < deadline) nobody_unparks.park_until(deadline);
  }

  /// A fiber of this thread. A thread that is past having fibers leaves it to the service thread. Who drops the task
  /// waits for its end at once: keep it, or detach() it.
  template <class F>
  [[nodiscard]] static Task spawn(F&& f) {
    detail::FiberReactor* const reactor = detail::FiberReactor::here();
    if (reactor == nullptr) return spawn_background(std::forward<F>(f));
    detail::FiberCompletionPointer completion(new detail::FiberCompletion(reactor));
    detail::start_fiber(*reactor, detail::FiberBody<std::decay_t<F>>(std::forward<F>(f), completion));
    return Task(std::move(completion));
  }

  /// A fiber of the process's one service thread: it goes on while the caller's thread is busy, and after its end. It
  /// must not block its thread: run_blocking is for that.
  template <class F>
  [[nodiscard]] static Task spawn_background(F&& f) {
    detail::ReaperService::keep_coarse_clock();
    return detail::FiberServiceThread::run(std::forward<F>(f));
  }

  /// The OS thread, not the fiber.
  [[nodiscard]] static WorkerId worker() noexcept { return detail::thread_pointer(); }

  /// The events that came, of those asked for and POLLERR, POLLHUP, POLLNVAL; 0 = the deadline passed. A deadline in
  /// the past looks once. One fiber of a thread may wait for reading and one for writing; a third gets
  /// std::logic_error. The descriptor stays registered afterwards: forget() must be said before its number can mean
  /// another file.
  [[nodiscard]] static unsigned wait(int fd, unsigned events, TimePoint deadline) {
    detail::FiberReactor* const reactor = detail::FiberReactor::here_if_possible();
    if (reactor == nullptr) return detail::poll_wait(fd, events, deadline);
    const unsigned came = reactor->wait(fd, events, deadline);
    // Time was up before the reactor looked again; it may have come all the same.
    return came != 0 ? came : detail::poll_wait(fd, events, TimePoint::min());
  }

  /// See <carpool/budget.hpp>.
  static void consume_budget(unsigned operations) noexcept {
    if (auto* const reactor = detail::FiberReactor::here_if_any()) reactor->consume_budget(operations);
  }

  /// To be said before a descriptor is closed, or when a library may have exchanged the file behind its number. Known
  /// to all threads at once. A fiber of this thread that waits for it is woken with POLLNVAL.
  static void forget(int fd) noexcept {
    if (fd < 0) return;
    detail::descriptor_generations.bump(fd);
    if (auto* const reactor = detail::FiberReactor::here_if_any()) reactor->poll_set().forget(fd);
  }

  /// See PosixBackend.
  static void redirect_to_dev_null(int fd) noexcept {
    forget(fd);
    detail::redirect_socket_to_dev_null(fd);
  }

  /// true: this thread's reactor saw something to read, or the end, on a descriptor that nobody waited for, and it is
  /// still so. false: it knows nothing.
  [[nodiscard]] static bool idle_hint(int fd) noexcept {
    auto* const reactor = detail::FiberReactor::here_if_any();
    return reactor != nullptr && reactor->poll_set().hint(fd);
  }

  /// Runs the call on a helper thread while the fiber sleeps; returns what it returns, throws what it throws. There is
  /// no deadline: run_blocking_until has one.
  template <class F>
  static std::invoke_result_t<F> run_blocking(F&& call) {
    if (detail::FiberReactor::here_if_possible() == nullptr) return std::invoke(std::forward<F>(call));
    return detail::FiberBlockingHelpers::run(std::forward<F>(call));
  }
  /// See PosixBackend.
  template <class F>
  [[nodiscard]] static std::optional<std::invoke_result_t<F>> run_blocking_until(F call, TimePoint deadline) {
    return detail::OwningCall<FiberParkingSlot, F>::run_until(std::move(call), deadline);
  }
};

}  // namespace carpool::inline v0_1

#include <carpool/posix/socket.hpp>

static_assert(carpool::IoBackendPolicy<carpool::FiberBackend>);
