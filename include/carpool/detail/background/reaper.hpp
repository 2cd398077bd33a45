/// The reaper of a pool, which looks after it from time to time: a task of its own, or one thread of the process that
/// serves all pools.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/time.hpp>

#include <optional>
#include <utility>

namespace carpool::inline v0_1::detail {

/// A backend may have a ReaperService: its Client has `virtual TimePoint step() noexcept`, which the service calls when
/// it has been called for, and at the latest at the time that step() returned last.
template <class Backend>
concept ServesReapers = requires(typename Backend::ReaperService::Client& client) {
  Backend::ReaperService::enroll(client);
  { Backend::ReaperService::dismiss(client) } noexcept;
  { client.call() } noexcept -> std::same_as<typename Backend::Wakeup>;
};

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
  /// Any worker, after start() and before stop().
  [[nodiscard]] auto call() noexcept { return parking_.unpark(); }
  /// step() returns nothing from now on. When this returns it is over.
  void stop() {
    if (!task_) return;
    {
      [[maybe_unused]] const auto wakeup = parking_.unpark();
    }
    task_.reset();  // joins
  }

 private:
  using Task = decltype(Backend::spawn_background(std::declval<void (*)()>()));

  void run_reaper() noexcept {
    while (const std::optional<TimePoint> due = owner_.step()) {
      if (Backend::now() < *due) (void)parking_.park_until(*due);
    }
  }

  Owner& owner_;
  typename Backend::ParkingSlot parking_;
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
  using Service::Client::call;
  void stop() noexcept {
    if (std::exchange(enrolled_, false)) Service::dismiss(*this);
  }

 private:
  [[nodiscard]] TimePoint step() noexcept override { return owner_.step().value_or(never); }

  Owner& owner_;
  bool enrolled_ = false;
};

}  // namespace carpool::inline v0_1::detail
