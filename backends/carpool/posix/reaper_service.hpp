/// The one thread that looks after all pools of a process whose workers are threads.
#pragma once

#include <carpool/posix/blocked_signals.hpp>
#include <carpool/posix/clock.hpp>
#include <carpool/posix/due_heap.hpp>
#include <carpool/posix/futex_parking.hpp>
#include <carpool/posix/per_process.hpp>
#include <carpool/posix/ticker.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <utility>

#include <pthread.h>

namespace carpool::detail {

/// Calls its clients' step() when they are due and when they are called for, one after the other, and never while it
/// holds a lock. The thread, "carpool-reaper", begins with the first client and ends a second after the last has gone.
class ReaperService {
 public:
  /// Somebody to be looked after, in whose memory all is that this takes: so a call allocates nothing.
  class Client : private Due {
   public:
    Client() = default;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// step() is to be called soon. Any thread, while it is enrolled. Nothing follows from a call in a forked child.
    [[nodiscard]] FutexWakeup call() noexcept {
      // (1) Where it has been called already, its step is still to come, and sees what this caller wrote (2).
      if (called_.exchange(true, std::memory_order_acq_rel)) return {};
      return service_->submit(*this);
    }

   protected:
    ~Client() = default;

   private:
    friend ReaperService;

    /// Returns when to be called again; never: when it is called for. It must not wait for anybody.
    [[nodiscard]] virtual TimePoint step() noexcept = 0;

    ReaperService* service_ = nullptr;  // of the process in which it was enrolled
    std::atomic<bool> called_{false};   // it is in `calls_` or among the ready
    Client* next_ = nullptr;            // there
    Client* previous_ = nullptr;        // among the ready
    bool ready_ = false;                // under the service's lock
    bool leaving_ = false;              // under the service's lock: no step follows the one that may be under way
  };

  /// Throws std::system_error where no thread can be started, std::bad_alloc.
  static void enroll(Client& client) {
    Ticker::stand_by();
    of_this_process().add(client);
  }
  /// By the process that enrolled it. Nobody calls for it any more. When this returns its step is over.
  static void dismiss(Client& client) noexcept { client.service_->remove(client); }

 private:
  static constexpr auto rest_time = std::chrono::seconds(1);

  static ReaperService& of_this_process() {
    static constinit PerProcess<ReaperService> service;
    return service.get();
  }

  void add(Client& client) {
    const std::lock_guard lock(mutex_);
    due_.reserve(clients_ + 1);
    if (!running_) {
      const BlockedSignals inherited;
      std::thread([this] { serve(); }).detach();
      running_ = true;
    }
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
    if (--clients_ == 0) const FutexWakeup to_rest = bed_.unpark();
  }

  /// A stack with many who push and one who takes all of it: no ABA.
  [[nodiscard]] FutexWakeup submit(Client& client) noexcept {
    client.next_ = calls_.load(std::memory_order_relaxed);
    while (!calls_.compare_exchange_weak(client.next_, &client, std::memory_order_release,  // (3)
                                         std::memory_order_relaxed)) {
    }
    return bed_.unpark();
  }

  // --- the thread --------------------------------------------------------------------------------------

  void serve() {
    pthread_setname_np(pthread_self(), "carpool-reaper");
    std::unique_lock lock(mutex_);
    for (;;) {
      collect_calls();
      if (Client* const client = next_client(); client != nullptr) {
        look_after(*client, lock);
      } else if (!rest(lock)) {
        return;
      }
    }
  }
  /// Until somebody is due or called for. False: there have been no clients for a while, and the thread ends.
  [[nodiscard]] bool rest(std::unique_lock<std::mutex>& lock) {
    const bool idle = clients_ == 0;
    const Due* const first = due_.first();
    const TimePoint until = idle ? after(clock_now(), rest_time) : first != nullptr ? first->at : never;
    lock.unlock();
    const bool roused = bed_.park_until(until);
    lock.lock();
    if (roused || !idle || clients_ > 0) return true;
    return running_ = false;
  }
  void look_after(Client& client, std::unique_lock<std::mutex>& lock) {
    in_step_ = &client;
    lock.unlock();
    const TimePoint next = client.step();
    lock.lock();
    in_step_ = nullptr;
    if (!client.leaving_) due_.set(client, next);
    stepped_.notify_all();
  }

  // --- under the lock ----------------------------------------------------------------------------------

  void collect_calls() noexcept {
    for (Client* client = calls_.exchange(nullptr, std::memory_order_acquire); client != nullptr;) {  // (4) with (3)
      Client* const below = client->next_;
      link(*client);
      client = below;
    }
  }
  /// Those who were called for, else one whose time has come.
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

  std::mutex mutex_;                     // never held while somebody else's code runs
  std::condition_variable stepped_;      // those who remove a client wait for the end of its step
  std::atomic<Client*> calls_{nullptr};  // any thread pushes; taken under the lock
  FutexParkingSlot bed_;                 // the thread's
  Client* first_ = nullptr;              // those who were called for, in some order
  Client* last_ = nullptr;
  DueHeap due_;
  Client* in_step_ = nullptr;
  std::size_t clients_ = 0;
  bool running_ = false;  // the thread has been started, and has not decided to end
};

}  // namespace carpool::detail
