/// What the scheduler keeps of each fiber: its exceptions in flight, while it does not run.
#pragma once

#include <carpool/posix/exception_state.hpp>

#include <cstdio>
#include <cstdlib>
#include <typeinfo>
#include <utility>

#include <boost/fiber/context.hpp>
#include <boost/fiber/properties.hpp>

namespace carpool::inline v0_1::detail {

struct FiberRecord final : boost::fibers::fiber_properties {
  using Context = boost::fibers::context;
  using fiber_properties::fiber_properties;

  static constexpr const char* refusal = "a fiber of this thread has properties of another scheduler than carpool's";

  ExceptionState exceptions;  // nothing while the fiber is running

  /// Throws std::bad_alloc. false: another scheduler has given it something else before, which has no room for this.
  [[nodiscard]] static bool give_to(Context& fiber) {
    if (fiber.get_properties() == nullptr) fiber.set_properties(new FiberRecord(&fiber));
    const fiber_properties& properties = *fiber.get_properties();
    return typeid(properties) == typeid(FiberRecord);
  }
  /// As give_to; to go on where it is refused would overwrite memory.
  static void insist_on(Context& fiber) {
    if (give_to(fiber)) [[likely]]
      return;
    std::fprintf(stderr, "carpool: %s\n", refusal);
    std::abort();
  }

  /// Of fibers that have one each. Both seldom have any exceptions.
  static void exchange_exceptions(const Context& leaving, const Context& coming) noexcept {
    if constexpr (boost_exchanges_exception_state) return;
    ExceptionState& running = exception_state();
    if (running.any()) [[unlikely]]
      of(leaving).exceptions = std::exchange(running, {});
    ExceptionState& saved = of(coming).exceptions;
    if (saved.any()) [[unlikely]]
      running = std::exchange(saved, {});
  }

 private:
  [[nodiscard]] static FiberRecord& of(const Context& fiber) noexcept {
    return static_cast<FiberRecord&>(*fiber.get_properties());
  }
};

}  // namespace carpool::inline v0_1::detail
