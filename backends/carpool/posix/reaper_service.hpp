/// The one thread that the library keeps for all pools of a process: it steps their reapers and keeps the coarse clock.
#pragma once

#include <carpool/posix/blocked_signals.hpp>
#include <carpool/posix/cached_coarse_clock.hpp>
#include <carpool/posix/clock.hpp>
#include <carpool/posix/due_heap.hpp>
#include <carpool/posix/futex_parking.hpp>
#include <carpool/posix/per_process.hpp>
#include <carpool/posix/pinned_object.hpp>
#include <carpool/posix/thread_placement.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include <pthread.h>

namespace carpool::inline v0_1::detail {

/// The clients are the reapers of pools whose workers are threads. The service calls a client's step() when it is due
/// or called for, one client after the other, and never while it holds a lock. Between two steps it looks whether the
/// next tick of CachedCoarseClock is due, so a tick is late by one step at most.
///
/// The thread, "carpool-reaper", begins with the first client and ends a second after the last has gone, unless
/// keep_coarse_clock() was called: then it stays until the process ends. It runs on the processors that the process had
/// at its start, because whoever makes the first pool may be pinned to one. The shared object that has this code in it
/// stays loaded once the thread has been started: dlclose may come within the thread's last second.
class ReaperService {
 public:
  /// A reaper, with all memory that the service needs for it: so a call allocates nothing.
  class Client : private Due {
   public:
    Client() = default;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// step() is to be called soon. Any thread, while the client is enrolled. In a forked child a call does nothing.
    [[nodiscard]] FutexWakeup call() noexcept {
      // (1) Where it has been called already, its step is still to come, and sees what this caller wrote (2).
      if (called_.exchange(true, std::memory_order_acq_rel)) return {};
      return service_->submit(*this);
    }

   protected:
    ~Client() = default;

   private:
    friend ReaperService;

    /// Returns when to be called again; never: when it is called for. It must not wait.
    [[nodiscard]] virtual TimePoint step() noexcept = 0;

    ReaperService* service_ = nullptr;  // of the process in which it was enrolled
    std::atomic<bool> called_{false};   // it is in `calls_` or among the ready
    Client* next_ = nullptr;            // there
    Client* previous_ = nullptr;        // among the ready
    bool ready_ = false;                // under the service's lock
    bool leaving_ = false;              // under the service's lock: no step follows the one that may be under way
  };

  /// Throws std::system_error where no thread can be started, std::bad_alloc.
  static void enroll(Client& client) { of_this_process().add(client); }
  /// Call it in the process that enrolled the client, when no thread calls for the client any more. When it returns,
  /// the client's last step is over.
  static void dismiss(Client& client) noexcept { client.service_->remove(client); }

  /// From now on CachedCoarseClock has a thread, until the process ends. Where none can be started, readings go on
  /// asking the kernel, and the next call tries again. Any thread; one load once it has succeeded. A forked child must
  /// call it anew.
  static void keep_coarse_clock() noexcept {
    try {
      of_this_process().keep();
    } catch (const std::exception&) {  // no memory, or no thread
    }
  }

 private:
  static constexpr auto rest_time = std::chrono::seconds(1);

  static ReaperService& of_this_process() {
    static constinit PerProcess<ReaperService> service;
    return service.get();
  }

  void add(Client& client) {
    pin_this_object();  // not under the lock: a thread that loads an object runs its constructors, which may make pools
    const std::lock_guard lock(mutex_);
    due_.reserve(clients_ + 1);
    ensure_thread();
    client.service_ = this;
    ++clients_;
  }
  void remove(Client& client) noexcept {
    std::unique_lock lock(mutex_);
    client.leaving_ = true;
    collect_calls();
    if (client.ready_) unlink(client);
    due_.remove(client);
    stepped_.wait(lock, [&] { return in_step_ != &client; });
    if (--clients_ > 0) return;
    ends_at_ = after(clock_now(), rest_time);
    const FutexWakeup to_read_it = parking_.unpark();
  }
  void keep() {
    if (kept_.load(std::memory_order_relaxed)) return;  // a thread that ends reads it under the lock
    pin_this_object();                                  // as in add()
    const std::lock_guard lock(mutex_);
    ensure_thread();
    kept_.store(true, std::memory_order_relaxed);
  }

  /// A stack with many threads that push and one that takes all of it: no ABA.
  [[nodiscard]] FutexWakeup submit(Client& client) noexcept {
    client.next_ = calls_.load(std::memory_order_relaxed);
    while (!calls_.compare_exchange_weak(client.next_, &client, std::memory_order_release,  // (3)
                                         std::memory_order_relaxed)) {
    }
    return parking_.unpark();
  }

  // --- the thread --------------------------------------------------------------------------------------

  void serve() {
    pthread_setname_np(pthread_self(), "carpool-reaper");
    place_at_start_.apply();
    std::unique_lock lock(mutex_);
    for (;;) {
      collect_calls();
      const TimePoint next_tick = CachedCoarseClock::advance();
      if (Client* const client = next_client(); client != nullptr) {
        run_step(*client, lock);
      } else if (unused() && ends_at_ <= clock_now()) {
        return end();
      } else {
        sleep(lock, next_tick);
      }
    }
  }
  /// Until a client or a tick is due, or the thread is unparked, or it has been unused for long enough.
  void sleep(std::unique_lock<std::mutex>& lock, TimePoint next_tick) {
    const Due* const first = due_.first();
    const TimePoint first_due = first != nullptr ? first->at : never;
    const TimePoint until = std::min({first_due, next_tick, unused() ? ends_at_ : never});
    lock.unlock();
    parking_.park_until(until);
    lock.lock();
  }
  void run_step(Client& client, std::unique_lock<std::mutex>& lock) {
    in_step_ = &client;
    lock.unlock();
    const TimePoint next = client.step();
    lock.lock();
    in_step_ = nullptr;
    if (!client.leaving_) due_.set(client, next);
    stepped_.notify_all();
  }

  // --- under the lock ----------------------------------------------------------------------------------

  void ensure_thread() {
    if (running_) return;
    const BlockedSignals inherited;
    std::thread([this] { serve(); }).detach();
    running_ = true;
    CachedCoarseClock::attach(parking_);  // hosts follow each other under the lock
  }
  [[nodiscard]] bool unused() const noexcept { return clients_ == 0 && !kept_.load(std::memory_order_relaxed); }
  void end() noexcept {
    CachedCoarseClock::detach();
    running_ = false;
  }

  void collect_calls() noexcept {
    for (Client* client = calls_.exchange(nullptr, std::memory_order_acquire); client != nullptr;) {  // (4) with (3)
      Client* const below = client->next_;
      link(*client);
      client = below;
    }
  }
  /// A client that was called for, else one that is due.
  [[nodiscard]] Client* next_client() noexcept {
    if (Client* const client = first_; client != nullptr) {
      unlink(*client);
      client->called_.exchange(false, std::memory_order_acq_rel);  // (2) synchronizes-with (1)
      return client;
    }
    Due* const first = due_.first();
    return first != nullptr && first->at <= clock_now() ? static_cast<Client*>(first) : nullptr;
  }
  void link(Client& client) noexcept {
    client.ready_ = true;
    client.next_ = nullptr;
    client.previous_ = last_;
    (last_ == nullptr ? first_ : last_->next_) = &client;
    last_ = &client;
  }
  void unlink(Client& client) noexcept {
    client.ready_ = false;
    (client.previous_ == nullptr ? first_ : client.previous_->next_) = client.next_;
    (client.next_ == nullptr ? last_ : client.next_->previous_) = client.previous_;
  }

  static inline const ThreadPlacement place_at_start_;

  std::mutex mutex_;                     // never held while a client's code runs
  std::condition_variable stepped_;      // callers of dismiss() wait for the end of a step
  std::atomic<Client*> calls_{nullptr};  // any thread pushes; taken under the lock
  FutexParkingSlot parking_;             // the thread parks; clients and callers of the clock unpark
  std::atomic<bool> kept_{false};        // written under the lock
  Client* first_ = nullptr;              // clients that were called for, in some order
  Client* last_ = nullptr;
  DueHeap due_;
  Client* in_step_ = nullptr;
  std::size_t clients_ = 0;
  TimePoint ends_at_ = never;  // while there are no clients: when the thread ends, unless it is kept
  bool running_ = false;       // the thread has been started, and has not decided to end
};

}  // namespace carpool::inline v0_1::detail
