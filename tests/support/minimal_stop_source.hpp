/// Stop requests as P2300 has them, for tests: a source, its tokens, and callbacks whose destructor waits.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

// NOLINTBEGIN(readability-identifier-naming): the standard's names
namespace minimal_execution {

class inplace_stop_source {
 public:
  class Callback {
   public:
    Callback(inplace_stop_source& source, void (*call)(Callback&)) : source_(source), call_(call) {}
    Callback(const Callback&) = delete;
    Callback& operator=(const Callback&) = delete;

   protected:
    ~Callback() = default;
    void enrol() { source_.enrol(*this); }
    void leave() noexcept { source_.leave(*this); }

   private:
    friend inplace_stop_source;
    inplace_stop_source& source_;
    void (*call_)(Callback&);
    Callback* next_ = nullptr;
  };

  [[nodiscard]] bool stop_requested() const {
    const std::lock_guard lock(mutex_);
    return requested_;
  }
  /// Runs the callbacks; none of them under the lock.
  void request_stop() {
    std::unique_lock lock(mutex_);
    if (std::exchange(requested_, true)) return;
    requester_ = std::this_thread::get_id();
    while (first_ != nullptr) {
      running_ = std::exchange(first_, first_->next_);
      Callback& callback = *running_;
      lock.unlock();
      callback.call_(callback);
      lock.lock();
      running_ = nullptr;
      ended_.notify_all();
    }
  }

 private:
  void enrol(Callback& callback) {
    {
      const std::lock_guard lock(mutex_);
      if (!requested_) {
        callback.next_ = std::exchange(first_, &callback);
        return;
      }
    }
    callback.call_(callback);
  }
  void leave(Callback& callback) noexcept {
    std::unique_lock lock(mutex_);
    for (Callback** each = &first_; *each != nullptr; each = &(*each)->next_) {
      if (*each != &callback) continue;
      *each = callback.next_;
      return;
    }
    if (requester_ == std::this_thread::get_id()) return;  // from within the callback
    ended_.wait(lock, [&] { return running_ != &callback; });
  }

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool requested_ = false;
  std::thread::id requester_;
  Callback* first_ = nullptr;
  Callback* running_ = nullptr;
};

template <class F>
class inplace_stop_callback;

class inplace_stop_token {
 public:
  template <class F>
  using callback_type = inplace_stop_callback<F>;
  explicit inplace_stop_token(inplace_stop_source& source) noexcept : source_(&source) {}
  [[nodiscard]] bool stop_requested() const { return source_->stop_requested(); }
  [[nodiscard]] inplace_stop_source& source() const noexcept { return *source_; }

 private:
  inplace_stop_source* source_;
};

template <class F>
class inplace_stop_callback : inplace_stop_source::Callback {
 public:
  inplace_stop_callback(inplace_stop_token token, F call)
      : Callback(token.source(), [](Callback& self) { static_cast<inplace_stop_callback&>(self).call_(); }),
        call_(std::move(call)) {
    enrol();
  }
  ~inplace_stop_callback() { leave(); }

 private:
  F call_;
};

struct never_stop_token {
  template <class>
  struct callback_type {
    callback_type(never_stop_token, auto&&) noexcept {}
  };
  [[nodiscard]] static constexpr bool stop_requested() noexcept { return false; }
};

}  // namespace minimal_execution
// NOLINTEND(readability-identifier-naming)
