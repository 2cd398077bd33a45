/// The reaper of a pool, which looks after it from time to time: a task of its own, or one thread of the process that
/// serves all pools.
#pragma once

#include <carpool/detail/state/reaper_signal.hpp>
#include <carpool/time.hpp>

#include <optional>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Calls owner.step(), which must neither wait for anybody nor call what users wrote, until that returns nothing. It
/// returns when it wants to be called again; never: when it is called for.
template <class Backend, class Owner>
class Reaper {
 public:
  explicit Reaper(Owner& owner) noexcept : owner_(owner) {}

  /// Throws what the backend's spawn_background does.
  void start() {
    task_.emplace(Backend::spawn_background([this] { run_reaper(); }));
  }
  /// To be called after start() and before stop().
  [[nodiscard]] ReaperSignal<Backend>& signal() noexcept { return signal_; }
  /// step() returns nothing from now on. When this returns it is over.
  void stop() {
    if (!task_) return;
    {
      [[maybe_unused]] const auto wakeup = signal_.call();
    }
    task_.reset();  // joins
  }

 private:
  using Task = decltype(Backend::spawn_background(std::declval<void (*)()>()));

  void run_reaper() noexcept {
    while (const std::optional<TimePoint> due = owner_.step()) {
      if (Backend::now() < *due) (void)signal_.parking.park_until(*due);
    }
  }

  Owner& owner_;
  ParkedReaper<Backend> signal_;
  std::optional<Task> task_;
};

/// The same by the backend's service.
template <ServesReapers Backend, class Owner>
class Reaper<Backend, Owner> final : private Backend::ReaperService::Client {
  using Service = typename Backend::ReaperService;

 public:
  explicit Reaper(Owner& owner) noexcept : owner_(owner) {}

  void start() {
    Service::enroll(*this);
    enrolled_ = true;
  }
  [[nodiscard]] ReaperSignal<Backend>& signal() noexcept { return *this; }
  void stop() noexcept {
    if (std::exchange(enrolled_, false)) Service::dismiss(*this);
  }

 private:
  [[nodiscard]] TimePoint step() noexcept override { return owner_.step().value_or(never); }

  Owner& owner_;
  bool enrolled_ = false;
};

}  // namespace carpool::inline v0_1::detail
