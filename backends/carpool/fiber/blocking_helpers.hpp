/// Calls that a fiber hands over to a helper thread.
#pragma once

#include <carpool/fiber/parking_slot.hpp>
#include <carpool/posix/awaited_call.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1::detail {

/// The fiber sleeps until the call has ended.
class FiberBlockingHelpers {
 public:
  /// Any thread, with a scheduler. Throws what the call throws.
  template <class F>
  static std::invoke_result_t<F> run(F&& f) {
    using Result = std::invoke_result_t<F>;
    if constexpr (std::is_void_v<Result>) {
      hand_over([&f] { std::invoke(std::forward<F>(f)); });
    } else if constexpr (std::is_reference_v<Result>) {
      std::remove_reference_t<Result>* result = nullptr;
      hand_over([&f, &result] {
        auto&& returned = std::invoke(std::forward<F>(f));
        result = std::addressof(returned);
      });
      return static_cast<Result>(*result);
    } else {
      std::optional<Result> result;
      hand_over([&f, &result] { result.emplace(std::invoke(std::forward<F>(f))); });
      return std::move(*result);
    }
  }

 private:
  template <class F>
  static void hand_over(F f) {
    BorrowingCall<FiberParkingSlot, F>(f).run_elsewhere();
  }
};

}  // namespace carpool::inline v0_1::detail
