/// What the backends on threads take for an atomic: std::atomic, or the bits of one.
#include <carpool/posix/word_atomic.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <cstdint>
#include <type_traits>

#include <gtest/gtest.h>

namespace {

using carpool::detail::ThreadAtomic;

enum class Signal : std::uint16_t { stop, go };
struct Pair {
  std::uint64_t left;
  std::uint64_t right;
};
struct Holey {
  std::uint8_t narrow;
  std::uint32_t wide;
};

template <class T>
constexpr bool is_standard = std::is_same_v<ThreadAtomic<T>, std::atomic<T>>;

// Those that are inlined always, those that bits do not tell apart, and those that are too wide.
static_assert(is_standard<int> && is_standard<std::uint64_t>);
static_assert(is_standard<float> && is_standard<Holey> && is_standard<Pair>);
static_assert(!is_standard<bool> && !is_standard<int*> && !is_standard<Signal> && !is_standard<carpool::TimePoint>);

template <class T>
void expect_an_atomic(T one, T other) {
  ThreadAtomic<T> value{one};
  EXPECT_EQ(value.load(), one);
  value.store(other);
  EXPECT_EQ(value.exchange(one), other);
  T expected = other;
  EXPECT_FALSE(value.compare_exchange_strong(expected, other));
  EXPECT_EQ(expected, one) << "what it was instead";
  EXPECT_TRUE(value.compare_exchange_strong(expected, other));
  EXPECT_EQ(value.load(), other);
  const ThreadAtomic<T> fresh;
  EXPECT_EQ(fresh.load(), T{});
}

TEST(WordAtomic, IsAnAtomic) {
  int numbers[2] = {};
  expect_an_atomic<int*>(&numbers[0], &numbers[1]);
  expect_an_atomic(true, false);
  expect_an_atomic(Signal::go, Signal::stop);
  expect_an_atomic(carpool::never, carpool::TimePoint::min());
  expect_an_atomic(1, 2);
}

}  // namespace
