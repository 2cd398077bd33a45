/// What a call gave, on its way to a handler of Boost.Asio's: an exception, or a value.
#pragma once

#include <exception>
#include <functional>
#include <utility>

namespace carpool::inline v0_1::detail {

template <class R>
struct AsioOutcome {
  using Signature = void(std::exception_ptr, R);
  std::exception_ptr error;
  R value{};
  template <class F>
  void run(F&& call) {
    value = std::invoke(std::forward<F>(call));
  }
  template <class Handler>
  void deliver(Handler&& handler) {
    std::forward<Handler>(handler)(std::move(error), std::move(value));
  }
};
template <>
struct AsioOutcome<void> {
  using Signature = void(std::exception_ptr);
  std::exception_ptr error;
  template <class F>
  void run(F&& call) {
    std::invoke(std::forward<F>(call));
  }
  template <class Handler>
  void deliver(Handler&& handler) {
    std::forward<Handler>(handler)(std::move(error));
  }
};

}  // namespace carpool::inline v0_1::detail
