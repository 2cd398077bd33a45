/// What the scheduler keeps of each fiber: its exceptions in flight, while it does not run.
#pragma once

#include <carpool/exception_state.hpp>

#include <typeinfo>
#include <utility>

#include <boost/fiber/context.hpp>
#include <boost/fiber/properties.hpp>

namespace carpool::detail {

struct FiberRecord final : boost::fibers::fiber_properties {
  using Context = boost::fibers::context;
  using fiber_properties::fiber_properties;

  ExceptionState exceptions;  // nothing while the fiber is running

  /// Throws std::bad_alloc. At the latest where the fiber first sleeps or is first ready: with launch::dispatch it runs
  /// before the scheduler has heard of it.
  static void give_to(Context& fiber) {
    if (fiber.get_properties() == nullptr) fiber.set_properties(new FiberRecord(&fiber));
  }
  /// What it was given; false: another scheduler had given it something else before.
  [[nodiscard]] static bool is_with(const Context& fiber) noexcept {
    const fiber_properties& properties = *fiber.get_properties();
    return typeid(properties) == typeid(FiberRecord);
  }
  [[nodiscard]] static FiberRecord& of(const Context& fiber) noexcept {
    return static_cast<FiberRecord&>(*fiber.get_properties());
  }

  /// From who runs to who comes. Both seldom have any, and who runs has none on record: so nobody has to be asked who
  /// that is, which would cost as much as half the switch.
  static void exchange_exceptions(const Context& coming) noexcept {
    ExceptionState& running = exception_state();
    if (running.any()) [[unlikely]] {
      give_to(*Context::active());
      of(*Context::active()).exceptions = std::exchange(running, {});
    }
    ExceptionState& saved = of(coming).exceptions;
    if (saved.any()) [[unlikely]]
      running = std::exchange(saved, {});
  }
};

}  // namespace carpool::detail
